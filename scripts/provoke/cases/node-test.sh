# cause: test-failure
# lines: 1, 12-16
# needs: node
printf "const {test}=require('node:test');const assert=require('node:assert');test('total',()=>assert.equal(1+1,3));test('tax',()=>{})" > cart.test.js
node --test cart.test.js
