import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'
import { withoutPrefix } from '../../src/experts/plain-line.ts'

/** What stands before a line, by who puts it there. */
const prefixes: Readonly<Record<string, readonly string[]>> = {
  Jenkins: ['[Test on Linux] ', '[JDK 17] ', "[Matrix - OS = 'linux', JDK = '17'] "],
  Tekton: ['[build : test] '],
  Turborepo: ['web:test: ', '@shop/web:test: '],
  pnpm: ['packages/web test: ', '. test:unit: '],
  act: ['[ci/test]   | ', '[CI/Test and lint]   | '],
  Earthly: ['+test | ', '              +test | ', './web+test *failed* | '],
  AWS: [
    '2026-07-31T01:17:30.123000+00:00 web/web/0123456789abcdef0123456789abcdef ',
    '2026-07-31T01:17:30.123000+00:00 2026/07/31/[$LATEST]0123456789abcdef0123456789abcdef ',
  ],
  stern: ['web-7d4b9c6f5-x2x4z web '],
  kubectl: ['[pod/web-7d4b9c6f5-x2x4z/web] '],
  journalctl: [
    'Jul 31 01:17:30.123456 host app[12]: ',
    'Fri 2026-07-31 01:17:30 UTC host app[12]: ',
    'Fri 2026-07-31 01:17:30.123456 CEST host app[12]: ',
  ],
  syslog: [
    '<34>',
    '<34>Jul 31 01:17:30 host app[12]: ',
    '<34>1 2026-07-31T01:17:30.003Z host app 12 ID47 - ',
    '<34>1 2026-07-31T01:17:30.003Z host app - - [exampleSDID@32473 iut="3"] ',
  ],
  dmesg: ['[Fri Jul 31 01:17:30 2026] ', '[  123.456789] '],
  loggers: [
    '12:00:00.000 [main] ERROR c.e.App - ',
    '2026-07-31 01:17:30.123 ERROR 123 --- [shop] [main] c.e.shop.Cart   : ',
    '2026-07-31 01:17:30,123 - cart.tests - ERROR - ',
  ],
  'Fly.io': [
    '2026-07-31T01:17:30.123 app[9080e12a] iad [info] ',
    '2026-07-31T01:17:30Z app[9080e12a] iad [info]',
  ],
  PM2: ['0|web  | '],
  Azure: ['##vso[task.logissue type=error;sourcepath=a.c]'],
  Docker: ['{"log":"'],
}

const ends: Readonly<Record<string, string>> = {
  Docker: '\\n","stream":"stdout","time":"2026-07-31T01:17:30.1Z"}',
}

const verdicts: readonly (readonly [text: string, cause: string | null])[] = [
  ['FAIL src/cart.test.ts', 'test-failure'],
  ['npm error code E401', 'auth'],
  ['PASS tests/auth: bash: foo: command not found is shown', null],
]

for (const [writer, starts] of Object.entries(prefixes)) {
  test(`what ${writer} puts before a line does not hide how the line begins`, async () => {
    for (const start of starts) {
      for (const [text, cause] of verdicts) {
        const line = `${start}${text}${ends[writer] ?? ''}`
        assert.equal(withoutPrefix(line), text)
        const diagnosis = await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(`${line}\n`)] }] })
        assert.equal(diagnosis.cause, cause, line)
      }
    }
  })
}

test('words of a message that look like what stands before one are left', () => {
  for (const line of [
    '[Errno 98] Address already in use',
    '[WinError 5] Access is denied',
    '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed',
    '[FAIL] the total of an empty cart is nothing',
    '[PASS] the total of an empty cart is nothing',
    'src/app.c:12:3: error: expected expression',
    'bash: foo: command not found',
    'sh: 1: jest: not found',
    'fatal: not a git repository',
    'packages/web error: no such package',
    'test/cart.ts test failed: 3',
    'make: *** [Makefile:3: test] Error 1',
    '+ npm test | tee log',
    'x + y | z',
    '1|2',
    '<html>',
    '<a b>',
    'ERROR - no such file',
    'my-app is down',
    'Sat on 2026-07-31: nothing',
    '{"log":"nothing"}',
    'std::bad_alloc: out of memory',
    'terraform:apply failed',
  ]) {
    assert.equal(withoutPrefix(line), line)
  }
})
