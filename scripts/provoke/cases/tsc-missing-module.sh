# cause: compile-error
# needs: tsc
echo 'import { x } from "./cart"' > app.ts
tsc --noEmit app.ts
