/** What nobody told the engine: secrets that only look like one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/redact/redact.ts'
import { type Planted, plantSecrets } from './planted.ts'

const redactor = createRedactor([])

/** Pushes the text in pieces of the given sizes (used in turn); a piece is wiped after the call. */
function masked(text: string, sizes: readonly number[]): string {
  const stream = redactor.stream()
  const bytes = Buffer.from(text)
  const parts: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    const piece = new Uint8Array(bytes.subarray(at, at + size))
    parts.push(new Uint8Array(stream.push(piece)))
    piece.fill(0)
    at += size
  }
  return Buffer.concat([...parts, stream.end()]).toString()
}

for (const { kind, line, values } of plantSecrets(Math.random)) {
  test(`${kind}: nothing of it is left, alone, in a JSON text, in colours and after a time`, () => {
    const lines = [
      line,
      JSON.stringify({ message: line }),
      `\u001b[31m${line}\u001b[0m`,
      line.replaceAll(/^/gm, '2026-11-24T10:00:00.123Z app-7f9c '),
      line.replaceAll('\n', '\r\n'),
      line.replaceAll(/^/gm, '    '),
    ]
    for (const text of lines) {
      const output = redactor.text(`before\n${text}\nafter the end\n`)
      for (const value of values) assert.ok(!output.includes(value), `${value} in ${output}`)
      assert.ok(output.startsWith('before\n') && output.endsWith('\nafter the end\n'), output)
    }
  })
}

function steady(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
}

/** Commands are shown as lists of words, too. */
const wordsOf = (line: string): readonly string[] =>
  /^(?:curl|sshpass|redis-cli|htpasswd|keytool|openssl|docker|ldapsearch|unzip|sqlplus) |mysqldump /.test(
    line,
  )
    ? line.split(' ')
    : [line]

/** Where tools put what they show. */
const surroundings: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => `"${line}"`,
  (line) => `$ ${line} `,
  (line) => `[${line}]`,
  (line) => JSON.stringify({ message: line, pid: 1 }),
  (line) => JSON.stringify({ log: JSON.stringify({ message: line }) }),
  (line) => JSON.stringify(wordsOf(line)),
  (line) => JSON.stringify({ Cmd: wordsOf(line) }, null, 1).replaceAll('\n', ''),
  (line) => `\u001b[31m${line}\u001b[0m`,
  (line) => `web-1  | 2026-11-24T10:00:00.123Z ${line}\r\n`,
]

test('secrets of every kind are masked whatever stands around them', () => {
  const kinds = plantSecrets(Math.random).length
  fc.assert(
    fc.property(fc.nat(kinds - 1), fc.integer(), fc.constantFrom(...surroundings), (index, seed, around) => {
      const secret = plantSecrets(steady(seed))[index]
      if (secret?.line.includes('\n')) return
      const output = redactor.text(around(secret?.line ?? ''))
      for (const value of secret?.values ?? []) assert.ok(!output.includes(value), `${value} in ${output}`)
    }),
    { numRuns: 2_000 },
  )
})

const stuckTo: readonly string[] = [
  '\u001b[31m',
  '\u001b[38;2;255;100;0m',
  '\\u001b[1;31m',
  '\\033[0;31m',
  '\\n',
  '\\t',
  '\\x20',
  '%20',
]

test('a token right after a colour or a sign that is written in letters is masked, however the text is cut', () => {
  const values = plantSecrets(Math.random).flatMap((secret) => secret.values)
  const tokens = values.filter((value) => !redactor.text(`x ${value} y`).includes(value))
  assert.ok(tokens.length > 10, `${tokens.length}`)
  for (const before of stuckTo)
    for (const token of tokens)
      for (const size of [1, 3, 7, 1_000]) {
        const output = masked(`x${before}${token} y`, [size])
        assert.ok(!output.includes(token), `${token} after ${JSON.stringify(before)}`)
      }
})

test('no text of beginnings takes more than linear time', { timeout: 120_000 }, () => {
  const units = [
    'curl -u a',
    'mysql -p',
    'sshpass -p ',
    'docker login -p',
    'ldapadd -w',
    'sqlplus -S a',
    'curl -b a',
    'redis-cli -a -',
    'htpasswd -b -n 1 ',
    'htpasswd -bbbbbbbb',
  ]
  const more = [
    'cookie: a',
    'set-cookie: a=',
    'sid=a1',
    'otp=1',
    "PASSWORD '",
    'IDENTIFIED WITH a BY ',
    '://a:@a.b',
  ]
  for (const unit of [
    ...units,
    ...more,
    '://a:b',
    'create user password ',
    'jdbc:oracle:thin:a/',
    'db_pass=',
  ]) {
    const text = unit.repeat(400_000 / unit.length)
    assert.ok(redactor.text(text).length > 0)
  }
})

test('one-time passwords are masked beside their name', () => {
  for (const line of ['npm publish --otp=# --tag next', 'npm publish --otp #', '{"otp":"#"}', 'totp_code: #'])
    for (const around of surroundings)
      assert.ok(!redactor.text(around(line.replace('#', '624813'))).includes('624813'), line)
})

const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 })
const planted = fc
  .infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  .map((stream): readonly Planted[] => plantSecrets(() => stream.next().value ?? 0))

test('however a text is cut, what comes out is the same and has no planted value in it', () => {
  const order = fc.array(fc.nat(41), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(planted, order, fc.string(), sizes, (secrets, indexes, noise, cuts) => {
      const chosen = indexes.flatMap((index) => secrets[index] ?? [])
      const text = chosen.map(({ line }) => `${line}${noise}`).join('\n')
      const whole = redactor.text(text)
      assert.equal(masked(text, cuts), whole)
      const fromNoise = (value: string): boolean => noise.includes(value)
      for (const { values } of chosen) {
        for (const value of values)
          assert.ok(fromNoise(value) || !whole.includes(value), `${value} in ${whole}`)
      }
    }),
    { numRuns: 150 },
  )
})

/** Pieces of all forms, so that anchors stand inside each other, forms are cut short, and keys begin without an end. */
const pieces = fc.constantFrom(
  ...[
    'eyJ',
    'ghp_',
    'sk-',
    'sk-ant-',
    'SG.',
    'password',
    'PASSWORD=',
    'token',
    ': ',
    '=',
    '"',
    '://',
    '@',
    ':',
    '/',
    '.',
    '-',
  ],
  ...[
    '-----BEGIN',
    ' PRIVATE KEY-----',
    '-----END',
    '\n',
    '\r\n',
    ' ',
    'bearer ',
    'Authorization',
    'AKIA',
    'a',
    '7',
    'Zz9',
    '\\n',
  ],
  ...[
    '0123456789abcdefghij',
    'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo',
    'hooks.slack.com/',
    'services/',
    'é',

    'postgres://',
    '_authToken=',
    'xoxb-',
    'Set-Cookie: ',
    'cookie: ',
    'sid=',
    ';',
    'curl -u ',
    'admin:',
    'mysql ',
    ' -p',
    'sshpass -p ',
    'htpasswd -nb ',
    'otp=',
    '123456',
    "PASSWORD '",
    "identified by '",
    'create user ',
    'jdbc:oracle:thin:',
    'db_pass=',
  ],
)

test('however a text full of beginnings is cut, what comes out is the same', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), sizes, (list, cuts) => {
      const text = list.join('')
      assert.equal(masked(text, cuts), redactor.text(text))
    }),
    { numRuns: 3_000 },
  )
})

test('never more is held back than 700 bytes', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 80 }), (list) => {
      const text = Buffer.from(list.join(''))
      const stream = redactor.stream()
      const first = stream.push(text).length
      assert.ok(stream.end().length <= 700, `${first} of ${text.length}`)
    }),
    { numRuns: 1_000 },
  )
})

test('what a program asks is passed on at once', () => {
  const stream = redactor.stream()
  assert.equal(Buffer.from(stream.push(Buffer.from('Continue? '))).toString(), 'Continue? ')
  assert.equal(Buffer.from(stream.push(Buffer.from('yes\n'))).toString(), 'yes\n')
})

const harmless: readonly string[] = [
  'password: must be set',
  'Password required for user postgres',
  'error: unexpected token: identifier',
  'PASSWORD=***',
  'write postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  'PASSWORD=$DB_PASSWORD',
  'password: ${secrets.DB}',
  'token: <redacted>',
  'secretName: shop-tls-7f9c',
  'commit 4f3a9c2e7b1d0a8c6e5f4d3b2a190807f6e5d4c3',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'task-runner-v1.2.3 disk-usage risk-assessment',
  'GET https://user@example.com/path:8080/x@y',
  'http://localhost:8080/@scope/package',
  'image: registry.example.com:5000/shop@sha256:abc',
  'cache key: node-modules-linux-x64-4f3a9c2e7b1d0a8c',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA deploy@shop',
  '-----BEGIN CERTIFICATE-----',
  'could not find the line -----BEGIN PRIVATE KEY----- in key.pem',
  'eyJhbGciOiJIUzI1NiJ9',
  'authorization: failed after 3 attempts',
  'the bearer of bad news arrived at 12:00',
  'accountKey=missing',
  'git clone -u upload-pack https://example.com/a/b1',
  'docker run -u 1000:1000 -p 8080:80 nginx:1.27',
  'docker run --name mysql -p3306:3306 -v data:/var/lib/mysql mysql:8.4',
  'docker run --user app:1000 image1',
  'mysql -P3306 -h db1 -p shop1',
  'mysqld --port=3306 -port=3306 -pid-file=/run/mysqld/1.pid',
  'mkdir -p dir1/dir2 && tar -p -xf a1.tar && cp -a src1 dst1',
  'deploy@web-1.example.com: connection closed',
  'npm install pkg@1.2.3 @scope/pkg@4.5.6',
  'git@github.com:shop/shop1.git',
  'ssh://git@github.com/shop/shop1.git',
  'write to jane.doe1984@example.com',
  'pass=3 fail=0 pass: 12345678',
  'first_pass: 12.345678s, second-pass=987654321',
  'Set-Cookie header is missing, Set-Cookie: and Set-Cookie',
  'Set-Cookie: lang=en; Path=/; HttpOnly',
  'cookie: none, cookies: 12345678',
  'sort -u names1.txt and git push -u origin fix:fix-123',
  'journalctl -u nginx1.service --user unit:unit',
  'kubectl create rolebinding x --user=system:serviceaccount1:default',
  'npm publish --otp=<code>, Erlang/OTP 26, otp: 26.2.1, otp=1234567890',
  'https://deploy-user-number-12@dev.azure.com/shop/_git/shop',
  'http://localhost:8080/@scope/package1@2.0.0',
  'http://[::1]:8080/@x',
  'docker://registry.example.com/shop:v1@sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  'https://api.telegram.org/bot<token>/getMe',
  'FATAL: password authentication failed for user "app1"',
  'the resource identified by "web-1234" was not found',
  "create user 'app'@'%' failed with error 1396",
  'redis-cli -h cache1 -p 6379 ping1',
  'htpasswd -c /etc/nginx/.htpasswd1 admin1',
  'sshpass: command not found 127',
  'keytool -list -keystore k1.jks -storepass:env STORE_PASS1',
  'openssl rsa -passin env:KEY_PASS1 -in key1.pem',
  'docker login registry1.example.com --password-stdin -u ci1',
  'docker run -p 8080:80 login1',
  'ldapsearch -x -W -b dc=example1',
  'unzip -p a1.zip b1.txt',
  'sqlplus / as sysdba, sqlplus /nolog, sqlplus @scripts/a1.sql',
  'curl -b cookies1.txt https://example.com/a=1',
  'jdbc:oracle:thin:@//db1.internal:1521/shop1',
  'sig=9 sig=SIGTERM signal=SIGKILL',
  'sid=S-1-5-21-3623811015-3361044348-30300820-1013',
  'session=550e8400-e29b-41d4-a716-446655440000',
]
test('ordinary lines pass as they are', () => {
  for (const line of harmless) assert.equal(redactor.text(`${line}\nnext line\n`), `${line}\nnext line\n`)
})

test('after a key that never ends, ordinary output is shown again', () => {
  const output = redactor.text('-----BEGIN PRIVATE KEY-----\none\ntwo\nthree\nfour\nfive\nsix and more\n')
  assert.match(output, /six and more\n$/)
})

test('a value in a line of a megabyte is masked, and its rest with it', () => {
  const before = 'x'.repeat(500_000)
  const value = `ghp_${'Ab1'.repeat(100_000)}`
  const output = masked(`${before} ${value} ${before}`, [65_536])
  assert.equal(output, `${before} *** ${before}`)
})
