# cause: oom
# lines: 6
# needs: node
echo 'const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()))' > build.js
node --max-old-space-size=24 build.js
