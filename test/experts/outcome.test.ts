import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'

const failed = { code: 'TASK_FAILED', message: 'exit code 1', fix: '' } as const

const causeOf = async (text: string, error?: typeof failed): Promise<string | null> =>
  (
    await diagnose({
      logs: [{ name: 'log', chunks: [Buffer.from(text)] }],
      ...(error && { facts: { error } }),
    })
  ).cause

const refused = 'Error: connect ECONNREFUSED 127.0.0.1:9000\n'

test('a connection that is refused at first and comes up later is no failure', async () => {
  assert.equal(await causeOf(`${refused}${refused}connected to the queue after 3 attempts\n`), null)
  assert.equal(await causeOf(`${refused}server listening on port 3000\n`), null)
  assert.equal(await causeOf(`server listening on port 3000\n${refused}`), 'connection-refused')
})

test('it is a failure where the engine saw the task fail, whatever the log says', async () => {
  assert.equal(await causeOf(`${refused}server listening on port 3000\n`, failed), 'connection-refused')
})

test('a service that listens does not undo what it cannot wait for', async () => {
  const taken = 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080\n'
  assert.equal(await causeOf(`${taken}web: server listening on port 3000\n`), 'port-in-use')
})

test('what passing tests print is no failure, and a failing one is', async () => {
  assert.equal(await causeOf(`${refused}Tests:       14 passed, 14 total\n`), null)
  assert.equal(await causeOf(`${refused}Tests:       1 failed, 13 passed, 14 total\n`), 'connection-refused')
})

const ignored = `fatal: [web1]: FAILED! => {"msg": "non-zero return code", "rc": 3}\n...ignoring\n`
const recap = (count: number): string =>
  `PLAY RECAP ****\nweb1 : ok=7 changed=2 unreachable=0    failed=${count}\n`

test('a failure that Ansible was told to ignore is none, and one that it counts is', async () => {
  assert.equal(await causeOf(ignored + recap(0)), null)
  assert.equal(await causeOf(ignored.replace('...ignoring\n', '') + recap(1)), 'config-error')
})

test('what is tried again counts little, unless trying is given up soon after', async () => {
  const again = `${refused}will retry in 1 second\n`
  assert.equal(await causeOf(again), null)
  assert.equal(await causeOf(`${again}failed after 3 retries\n`), 'connection-refused')
})

test('words alone name a cause only near a failure that is certain', async () => {
  const line = 'shipment 12 met an error, its quota is used up\n'
  assert.equal(await causeOf(line), null)
  assert.equal(await causeOf(`${line}Process completed with exit code 1\n`), 'quota')
})

test('what a script says it can do without is no failure, unless the work failed', async () => {
  for (const said of [
    'metrics are off, ignored',
    'no cache: continuing without it',
    'that mirror is optional',
  ]) {
    assert.equal(await causeOf(`${refused}${said}\nrelease 41\n`), null, said)
    assert.equal(await causeOf(`${refused}${said}\n`, failed), 'connection-refused', said)
  }
  assert.equal(await causeOf(`${refused}the mirror is mandatory\nrelease 41\n`), 'connection-refused')
})

test('a word of what is optional far from the last error keeps nobody from guessing at it', async () => {
  const unknown = '10:00:00 ERROR the vault of tariffs has no password\n'
  assert.equal(await causeOf(`the cache is optional\nstarting\n${unknown}`), 'auth')
})

test('what the program fell back from is no failure', async () => {
  assert.equal(await causeOf(`${refused}falling back to the mirror\n`), null)
})

test('a statement that the database refuses is the failure of the migration that it belongs to', async () => {
  const refusal = 'ERROR: column "sku" of relation "products" already exists\n'
  assert.equal(await causeOf(`Applying migration 'AddSku'.\n${refusal}`), 'migration-failed')
  assert.equal(await causeOf(`Migrations finished successfully.\n${refusal}`), 'db-error')
})

test('a log that ends in an error nobody knows is guessed at, and one that goes on after it is not', async () => {
  const unknown = '10:00:00 ERROR the vault of tariffs has no password\n'
  assert.equal(await causeOf(`starting\n${unknown}`), 'auth')
  assert.equal(await causeOf(`${unknown}going on\nand on\nand on\n`), null)
})

test('what fails while cleaning up is no failure', async () => {
  assert.equal(
    await causeOf('Deployed 3 files (404.html)\nPost job cleanup.\nfatal: not in a git directory\n'),
    null,
  )
})

test('what steps that run always lack after the one that failed is not why the work failed', async () => {
  const failing = 'the exchange rates are all mixed up: quota exceeded for today\n'
  const gaveUp = '##[error]Process completed with exit code 1.\n'
  const after =
    '##[warning]No files were found with the provided path: reports. No artifacts will be uploaded.\n'
  assert.equal(await causeOf(`${failing}${gaveUp}${after}`), 'quota')
  const jenkins = "Build step 'Execute shell' marked build as failure\nRecording test results\n"
  assert.equal(
    await causeOf(`E: Unable to locate package libpq-dev\n${jenkins}${refused}`),
    'dependency-missing',
  )
})

test('where rules name one cause, the words of lines near the failure tell of a second one', async () => {
  const log = "the vault's token expired\nE: Unable to locate package libpq-dev\nmake: *** [all] Error 1\n"
  const { cause, others } = await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(log)] }] })
  assert.equal(cause, 'dependency-missing')
  assert.equal(others[0]?.cause, 'auth')
})

test('without a failure nothing is guessed', async () => {
  assert.equal(await causeOf('all fine, though the vault had no password\nand on\n'), null)
})

test('what the same lines may be called as well is offered after what has evidence of its own', async () => {
  const log = 'error: Installed (but unpackaged) file(s) found:\nRPM build errors:\n'
  const { cause, others } = await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(log)] }] })
  assert.equal(cause, 'config-error')
  assert.ok(others.some((other) => other.cause === 'file-not-found'))
  assert.ok(others.every(({ evidence }) => evidence.length > 0))
})

const event =
  '  Warning  Unhealthy  4m  kubelet  Readiness probe failed: dial tcp 10.1.0.4:8080: connect: connection refused\n'
const pod = (restarts: number, state: string): string =>
  `Name: web-1\n    Restart Count:  ${restarts}\nConditions:\n  ContainersReady   ${state} \nEvents:\n${event}`

test('what a pod met before all of its containers were ready is no failure', async () => {
  assert.equal(await causeOf(pod(0, 'True')), null)
  assert.equal(await causeOf(pod(0, 'False')), 'probe-failed')
  assert.equal(await causeOf(pod(3, 'True')), 'probe-failed')
  assert.equal(await causeOf(pod(0, 'True') + pod(0, 'False')), 'probe-failed')
  assert.equal(await causeOf(pod(3, 'False') + pod(0, 'True')), 'probe-failed')
})

test('a level is known however loggers write it, and what only warns is not why it failed', async () => {
  const failure = `Traceback (most recent call last):
  File "/srv/app.py", line 3, in <module>
    open('/srv/shop.toml')
FileNotFoundError: [Errno 2] No such file or directory: '/srv/shop.toml'
`
  const said = 'redis: connect ECONNREFUSED 10.0.0.5:5432'
  for (const record of [
    `{"level": "warn", "msg": "${said}"}`,
    `{"levelname": "WARNING", "message": "${said}"}`,
    `{"severity": "WARNING", "message": "${said}"}`,
    `{"severity": "INFO", "message": "${said}"}`,
    `{"log.level": "info", "message": "${said}"}`,
    `{"@t":"2026-07-31T01:17:30Z","@l":"Warning","@m":"${said}"}`,
    `{"level": 40, "msg": "${said}"}`,
    `{"PRIORITY":"4","MESSAGE":"${said}"}`,
    `{"PRIORITY" : "5","MESSAGE":"${said}"}`,
    `{"log":"{\\"level\\": \\"warn\\", \\"msg\\": \\"${said}\\"}","stream":"stderr"}`,
    `lvl=warn msg="${said}"`,
    `2:17PM WRN ${said}`,
    `<4>${said}`,
    `<28>Jul 31 01:17:30 host app[2]: ${said}`,
    `<12>1 2026-07-31T01:17:30Z host app 12 - - ${said}`,
  ]) {
    assert.equal(await causeOf(`${failure}${record}\nexit code 1\n`), 'file-not-found', record)
  }
  for (const record of [
    `{"level": "error", "msg": "${said}"}`,
    `{"severity": "ERROR", "message": "${said}"}`,
    `{"PRIORITY":"3","MESSAGE":"${said}"}`,
    `{"PRIORITY":"6","MESSAGE":"${said}"}`,
    `<27>Jul 31 01:17:30 host app[2]: ${said}`,
  ]) {
    assert.equal(await causeOf(`${record}\nexit code 1\n`), 'db-unavailable', record)
  }
})

test('what a service warns of until its time is over is why it failed', async () => {
  const warning = '10:00:00 WARN broker mq:9092: connection refused\n'
  const late = '10:01:00 ERROR Timed out waiting to get existing topics\n'
  assert.equal(await causeOf(warning + late), 'connection-refused')
  assert.equal(await causeOf(late), 'timeout')
})

test('a service that warns of the same to its last line does not get past it', async () => {
  const warning = '10:00:00 WARN broker mq:9092: connection refused\n'
  assert.equal(await causeOf(warning + warning), 'connection-refused')
  assert.equal(await causeOf(warning), null)
  assert.equal(await causeOf(`${warning}${warning}10:00:01 INFO going on\n10:00:02 INFO and on\n`), null)
})

test('who refuses the connection below the driver of a database is the database', async () => {
  const frames = 'Caused by: java.net.ConnectException: Connection refused\n'
  assert.equal(
    await causeOf(`CommunicationsException: Communications link failure\n${frames}`),
    'db-unavailable',
  )
  assert.equal(await causeOf(frames), 'connection-refused')
})

test('a volume that was mounted before the container started kept nobody from anything', async () => {
  const late =
    'Warning  FailedMount  3m  kubelet  MountVolume.SetUp failed for volume "data" : not yet there\n'
  assert.equal(await causeOf(`${late}Normal   Started  3m  kubelet  Started container web\n`), null)
  assert.equal(await causeOf(`${late}Normal   Pulling  3m  kubelet  Pulling image "web:1"\n`), 'config-error')
})

test('what the log of a pod says goes before a probe that found nobody listening', async () => {
  const log = 'Error: DATABASE_URL environment variable is required\n'
  assert.equal(await causeOf(event), 'probe-failed')
  assert.equal(await causeOf(log + event), 'env-missing')
  assert.equal(await causeOf(event + log), 'env-missing')
})

test('when a container was started is no sign that it went on', async () => {
  const times =
    '      Started:      Sun, 01 Mar 2026 10:03:00 +0000\n      Finished:     Sun, 01 Mar 2026 10:03:01 +0000\n'
  const probe = 'Liveness probe failed: HTTP probe failed with statuscode: 500\n'
  assert.equal(await causeOf(`${probe}${times}`), 'probe-failed')
})

const npmSays = [
  'code ELIFECYCLE',
  'errno ENOENT',
  'syscall spawn',
  'shop@1.0.0 build: `tsc`',
  'spawn ENOENT',
]

test('a command that is not found is the cause also where who ran it says that something is not there', async () => {
  for (const prefix of ['npm ERR! ', 'npm error ']) {
    const says = npmSays.map((text) => `${prefix}${text}\n`).join('')
    for (const shell of ['sh: 1: tsc: not found\n', 'sh: tsc: command not found\n', ''])
      assert.equal(await causeOf(shell + says), 'command-not-found', prefix + shell)
  }
  assert.equal(await causeOf('npm ERR! code ENOENT\nnpm ERR! errno ENOENT\n'), 'file-not-found')
})

test('a number by itself is no answer of a server, where nothing else is known', async () => {
  for (const number of ['413076', '404808', '404 files could not be uploaded'])
    assert.equal(await causeOf(`error: ${number}\n`), null, number)
})
