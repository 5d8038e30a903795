/**
 * Secrets of 49 kinds, made up when they are needed: none of them stands in a file of this project. `line` is how tools print
 * it; `values` are the texts of which nothing may be left.
 */
import { createHash, generateKeyPairSync } from 'node:crypto'

export type Planted = { readonly kind: string; readonly line: string; readonly values: readonly string[] }

const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()
const hex = '0123456789abcdef'
const word = lower + upper + digits

type Draw = (alphabet: string, length: number) => string

/** One of each kind. `random` decides all but the private keys, which are real ones. */
export function plantSecrets(random: () => number): readonly Planted[] {
  const draw: Draw = (alphabet, length) =>
    Array.from({ length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('')
  /** At least one of each class, as generators of passwords make sure. */
  const strong = (length: number): string =>
    `${draw(upper, 1)}${draw(digits, 1)}${draw(lower, 1)}${draw(word, length - 3)}`
  const token = (
    kind: string,
    value: string,
    line = (text: string): string => `using ${text} now`,
  ): Planted => ({
    kind,
    line: line(value),
    values: [value],
  })
  return [
    token(
      'GitHub, classic',
      `ghp_${draw(word, 36)}`,
      (value) => `git clone https://${value}@github.com/shop/shop.git`,
    ),
    token('GitHub, fine-grained', `github_pat_${draw(word, 22)}_${draw(word, 59)}`),
    token('GitLab', `glpat-${draw(word, 20)}`, (value) => `PRIVATE-TOKEN: ${value}`),
    token('Slack bot', `xoxb-${draw(digits, 12)}-${draw(digits, 13)}-${draw(word, 24)}`),
    token(
      'Slack webhook',
      `${draw(upper, 9)}/B${draw(upper, 9)}/${draw(word, 24)}`,
      (value) => `curl https://hooks.slack.com/services/T${value}`,
    ),
    token('npm', `npm_${draw(word, 36)}`, (value) => `//registry.example.com/:_authToken=${value}`),
    token('Stripe', `sk_live_${draw(word, 24)}`),
    token('OpenAI', `sk-proj-${draw(word, 74)}T3BlbkFJ${draw(word, 74)}`),
    token('Anthropic', `sk-ant-api03-${draw(word, 93)}AA`),
    token('OpenRouter', `sk-or-v1-${draw(hex, 64)}`),
    token('SendGrid', `SG.${draw(word, 22)}.${draw(word, 43)}`),
    token('AWS key id', `AKIA${draw(upper + digits, 16)}`),
    token('AWS secret key', `${strong(30)}/${draw(word, 9)}`, (value) => `aws_secret_access_key = ${value}`),
    token('Google API key', `AIza${draw(word, 35)}`, (value) => `GET /maps?key=${value}&zoom=4`),
    privateKey('Google service account', (pem) =>
      JSON.stringify({ type: 'service_account', private_key: pem }),
    ),
    token('JSON web token', jsonWebToken(draw), (value) => `set-cookie: session=${value}; Path=/`),
    token('password of a variable', `${strong(10)}!`, (value) => `PGPASSWORD=${value} psql`),
    token('API key of a variable', strong(32), (value) => `export PAYMENT_API_KEY="${value}"`),
    token('bearer', `${strong(30)}.${draw(word, 8)}`, (value) => `> Authorization: Bearer ${value}`),
    token(
      'password of a URL',
      `${strong(12)}`,
      (value) => `fetching https://deploy:${value}@git.example.com/shop.git`,
    ),
    token(
      'password of a database',
      strong(16),
      (value) => `connecting to postgres://shop:${value}@db.internal:5432/shop`,
    ),
    token(
      'container registry',
      Buffer.from(`shop:${strong(16)}`).toString('base64'),
      (value) => `{"auths":{"registry.example.com":{"auth":"${value}"}}}`,
    ),
    privateKey('private key', (pem) => pem),
    token(
      'Azure storage',
      createHash('sha512').update(draw(word, 20)).digest('base64'),
      (value) =>
        `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${value};EndpointSuffix=core.windows.net`,
    ),
    ...inCommands(draw, strong, token),
  ]
}

type Token = (kind: string, value: string, line: (text: string) => string) => Planted

/** What commands, headers and SQL show. */
function inCommands(draw: Draw, strong: (length: number) => string, token: Token): readonly Planted[] {
  const value = strong(14)
  return [
    token(
      'token for a user',
      draw(hex, 30) + strong(10),
      (text) => `git clone https://${text}@github.com/a/b`,
    ),
    token('token and a word', strong(20), (text) => `git clone https://${text}:x-oauth-basic@github.com/a/b`),
    token('DB_PASS', value, (text) => `DB_PASS=${text}`),
    token('smtp-pass', value, (text) => `smtp-pass: ${text}`),
    token('curl', value, (text) => `curl -fsS -u admin:${text} https://example.com/x`),
    token('mysqldump', value, (text) => `+ mysqldump -h db -u root -p${text} shop`),
    token('sshpass', draw(lower, 9), (text) => `sshpass -p ${text} ssh deploy@10.0.0.5`),
    token('redis-cli', draw(lower, 9), (text) => `redis-cli -h cache -a ${text} ping`),
    token('htpasswd', draw(lower, 9), (text) => `htpasswd -cb /etc/nginx/.htpasswd admin ${text}`),
    token('htpasswd to standard output', draw(lower, 9), (text) => `htpasswd -nbBC 10 admin ${text}`),
    token('key store', draw(lower, 9), (text) => `keytool -list -keystore k.jks -storepass ${text} -v`),
    token('OpenSSL', draw(lower, 9), (text) => `openssl pkcs12 -in a.p12 -passin pass:${text} -nodes`),
    token('docker login', draw(lower, 9), (text) => `docker login -u ci -p ${text} registry.example.com`),
    token('LDAP', draw(lower, 9), (text) => `ldapsearch -x -D cn=admin -w ${text} -b dc=example`),
    token('unzip', draw(lower, 9), (text) => `unzip -o -P ${text} backup.zip`),
    token('SQL*Plus', draw(lower, 9), (text) => `sqlplus -S app/${text}@//db.internal:1521/shop @run.sql`),
    token("cookie of curl's", strong(12), (text) => `curl -fsS -b sid=${text} https://example.com/x`),
    token('cookie', draw(word, 12), (text) => `> Cookie: lang=en; sid=${text}`),
    token('cookie that is set', strong(24), (text) => `< Set-Cookie: sid=${text}; Path=/; HttpOnly`),
    token(
      'Azure SAS',
      strong(43),
      (text) => `https://a.blob.core.windows.net/c?sv=2022-11-02&sig=${text}%3D`,
    ),
    token(
      'Telegram',
      draw(word, 35),
      (text) => `POST https://api.telegram.org/bot123456789:${text}/sendMessage`,
    ),
    token('password of SQL', draw(lower, 9), (text) => `CREATE ROLE app WITH LOGIN PASSWORD '${text}'`),
    token('MySQL', draw(lower, 9), (text) => `create user 'app'@'%' identified by '${text}';`),
    token('Oracle', strong(9), (text) => `jdbc:oracle:thin:app/${text}@//db.internal:1521/shop`),
    inParts(
      'password with @ and /',
      [strong(7), strong(8), strong(9)],
      (parts) => `psql postgres://app:${parts.join(draw('@/', 1))}@10.0.0.5:5432/shop`,
    ),
  ]
}

const inParts = (
  kind: string,
  values: readonly string[],
  line: (values: readonly string[]) => string,
): Planted => ({ kind, line: line(values), values })

function privateKey(kind: string, lineOf: (pem: string) => string): Planted {
  const { privateKey: pem } = generateKeyPairSync('ec', {
    namedCurve: 'secp521r1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return {
    kind,
    line: lineOf(pem.trimEnd()),
    values: pem.split('\n').filter((line) => /^[A-Za-z0-9+/=]+$/.test(line)),
  }
}

function jsonWebToken(draw: Draw): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: draw(digits, 9), iat: 1_700_000_000 })}.${draw(word, 43)}`
}
