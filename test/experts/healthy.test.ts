import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'

/** Logs of work that ended well and of services that run, full of words of failures, as the tools print them. */
const healthy = readFileSync(new URL('./healthy.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly name: string; readonly log: string })

const causeOf = async (text: string): Promise<string | null> =>
  (await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(text)] }] })).cause

for (const { name, log } of healthy) {
  test(`nothing is wrong in a log of ${name}`, async () => {
    assert.equal(await causeOf(log), null)
  })
}

const record = (second: number, text: string): string => `2026-11-01 10:00:0${second},113 ${text}\n`
const error = record(1, 'ERROR could not charge: connection refused')

test('what a service met once and went on after is no failure, and what it met last is one', async () => {
  const after = [2, 3].map((second) => record(second, 'served /health')).join('')
  assert.equal(await causeOf(error + after), null)
  assert.equal(await causeOf(after + error), 'connection-refused')
})

test('a service that only says good-bye after an error did not go on', async () => {
  const goodbye = record(2, 'shutting down') + record(3, 'process exited') + record(4, 'stopped')
  assert.equal(await causeOf(error + goodbye), 'connection-refused')
  const closing = record(5, 'closing the node') + record(6, 'closed')
  assert.equal(await causeOf(error + goodbye + closing), 'connection-refused')
  assert.equal(await causeOf(error + goodbye + closing + record(7, 'started in 3 s')), null)
})

test('the lines of one message, all stamped with its second, are no sign that the service went on', async () => {
  const lines = ['ERROR could not charge: connection refused', 'the bank is at 10.0.0.7', 'and is asked once']
  const stamped = (second: (line: number) => number): string =>
    lines.map((text, line) => record(second(line), text)).join('')
  assert.equal(await causeOf(stamped(() => 1)), 'connection-refused')
  assert.equal(await causeOf(stamped((line) => line + 1)), null)
  assert.equal(await causeOf(`${error}${record(1, 'INFO GET / 200')}${record(1, 'INFO GET / 200')}`), null)
})

test('Redis has no higher level than warning, so what it says at that level may be why it failed', async () => {
  const said = (level: string, text: string): string => `1:M 05 Sep 2020 21:43:13.492 ${level} ${text}\n`
  const denied = "Can't open the append-only file: Read-only file system"
  assert.equal(await causeOf(said('*', 'Running mode=standalone') + said('#', denied)), 'permission')
  assert.equal(await causeOf(said('*', denied)), null)
})

test('a script that traces its commands and has more of them went on, and one that only clears away did not', async () => {
  const failing = '+ curl -fsS http://127.0.0.1:1/\ncurl: (7) Failed to connect to 127.0.0.1 port 1\n'
  assert.equal(await causeOf(`${failing}+ cp a b\n+ chmod +x b\n`), null)
  assert.equal(await causeOf(`${failing}+ rm -rf a\n+ exit 7\n`), 'connection-refused')
  const gaveUp = `${failing}make: *** [fetch] Error 7\n`
  assert.equal(await causeOf(`${gaveUp}+ cp a b\n+ chmod +x b\n`), null)
  assert.equal(await causeOf(`${gaveUp}+ exit 2\n`), 'connection-refused')
})

test('what a script shows of a failure, and how it ends, is no more of its work', async () => {
  const failing = '+ kubectl rollout status deploy/web\nerror: timed out waiting for the condition\n'
  assert.equal(
    await causeOf(`${failing}+ kubectl describe pod web\nName: web\n+ kubectl logs web\n`),
    'timeout',
  )
  assert.equal(await causeOf(`${failing}+ journalctl -u web\n+ systemctl --no-pager status web\n`), 'timeout')
  assert.equal(await causeOf(`${failing}+ kubectl apply -f web.yaml\n+ kubectl rollout status web\n`), null)
  const full = '2026-11-29 01:00:05 ERROR could not write to file: No space left on device\n'
  assert.equal(
    await causeOf(`${full}2026-11-29 01:00:06 INFO cleaning up\n2026-11-29 01:00:07 INFO total time 8 s\n`),
    'disk-full',
  )
  assert.equal(await causeOf(`${full}saved crash report to /srv/report.json\n`), 'disk-full')
})

test('a last line that all is done outweighs what was met before, unless that failed the work', async () => {
  const missing = 'cat: /etc/shop.conf: No such file or directory\n'
  assert.equal(await causeOf(`${missing}deployed to /srv/shop\n`), null)
  assert.equal(await causeOf(`${missing}backup written\nall done.\n`), null)
  assert.equal(await causeOf(`${missing}nothing was deployed to /srv/shop\n`), 'file-not-found')
  assert.equal(await causeOf(`deployed to /srv/shop\n${missing}`), 'file-not-found')
  assert.equal(await causeOf(`${missing}${'data '.repeat(50)}written\n`), 'file-not-found')
  assert.equal(
    await causeOf(`${missing}Process completed with exit code 1\ncleaning up: done\n`),
    'file-not-found',
  )
})

test('nothing is guessed from an error after which records tell of no trouble', async () => {
  const unknown = record(1, 'ERROR the vault of tariffs has no password')
  assert.equal(await causeOf(record(0, 'starting') + unknown), 'auth')
  assert.equal(await causeOf(unknown + record(2, 'served /health')), null)
})

test('that other services go on does not help the one that failed', async () => {
  const others = [2, 3, 4].map((second) => `web-1  | ${record(second, 'served /health')}`).join('')
  assert.equal(await causeOf(`api-1  | ${error}${others}`), 'connection-refused')
})

test('the exception below a warning is of that warning', async () => {
  const exception =
    'java.net.UnknownHostException: es-3\n\tat java.base/java.net.InetAddress.get(InetAddress.java:988)\n'
  assert.equal(await causeOf(record(1, 'WARN could not reach es-3') + exception), null)
  assert.equal(await causeOf(record(1, 'ERROR could not reach es-3') + exception), 'dns')
})

test('a pod that had no node at first and has one later is none that cannot be scheduled', async () => {
  const event = 'Warning  FailedScheduling  pod/web-1  0/4 nodes are available: 4 Insufficient cpu.\n'
  assert.equal(
    await causeOf(`${event}Normal  Scheduled  pod/web-1  Successfully assigned shop/web-1 to n1\n`),
    null,
  )
  assert.equal(
    await causeOf(`${event}Normal  Scheduled  pod/web-2  Successfully assigned shop/web-2 to n1\n`),
    'scheduling',
  )
})

test('a pod that runs and is ready has a good health again, and one that was only placed anew has not', async () => {
  const event =
    'Warning  Unhealthy  1s  kubelet  Readiness probe failed: HTTP probe failed with statuscode: 404\n'
  const pods = 'NAME    READY   STATUS    RESTARTS   AGE\n'
  assert.equal(await causeOf(`${event}${pods}web-1   1/1     Running   0          5m\n`), null)
  assert.equal(await causeOf(`${event}${pods}web-1   0/1     Running   0          5m\n`), 'probe-failed')
  assert.equal(
    await causeOf(`${event}Normal  Pulled  1s  kubelet  Successfully pulled image "web:1" in 2s\n`),
    'probe-failed',
  )
})

test('a test that may fail fails nothing, and one that passed at last is the end of passing tests', async () => {
  const todo =
    "not ok 1 - permission denied is retried # TODO not yet\n#   Failed (TODO) test 'permission denied'\n"
  assert.equal(
    await causeOf(`1..2\ncannot open /x: No such file or directory\n${todo}ok 2 - timeout\n`),
    null,
  )
  assert.equal(await causeOf('1..2\nok 1 - timeout\nnot ok 2 - sums are right\n'), 'test-failure')
})

test('the path of a module is no command to GitHub', async () => {
  const log = (word: string): string =>
    `${error}${word}initializing: operation failed\nserver listening on port 1\n`
  assert.equal(await causeOf(log('shop::server::error: ')), null)
  assert.equal(await causeOf(log('::error::')), 'connection-refused')
})

test('a client of PostgreSQL that hangs up is no failure of the server', async () => {
  const hungUp = record(1, 'UTC [18] LOG:  could not receive data from client: Connection reset by peer')
  assert.equal(await causeOf(hungUp), null)
  assert.equal(await causeOf(hungUp.replace('LOG:  could', 'ERROR:  could')), 'network')
})
