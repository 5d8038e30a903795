# cause: compile-error
# lines: 1
# needs: tsc
echo 'import { x } from "./cart"' > app.ts
tsc --noEmit app.ts
