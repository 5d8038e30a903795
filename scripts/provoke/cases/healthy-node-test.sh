# cause: healthy
# needs: node
printf "const {test}=require('node:test');test('an error is told',()=>{});test('a failed login is refused',()=>{})" > cart.test.js
node --test cart.test.js
