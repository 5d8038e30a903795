# cause: quality-gate
# needs: biome
printf 'var x = 1\nif (x == "1") debugger\n' > app.js
biome lint app.js
