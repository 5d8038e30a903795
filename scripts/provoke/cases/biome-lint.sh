# cause: quality-gate
# lines: 1-3, 17-19
# needs: biome
printf 'var x = 1\nif (x == "1") debugger\n' > app.js
biome lint app.js
