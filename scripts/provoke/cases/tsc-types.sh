# cause: compile-error
# lines: 1
# needs: tsc
echo 'const port: number = "80"' > app.ts
tsc --noEmit app.ts
