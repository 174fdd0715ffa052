import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { tmpdir } from 'node:os'
import { mkdtemp, rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { startApi } from './api-fixture.ts'
import { installed } from './baremetal.ts'

const run = promisify(execFile)
// `htpasswd -B -C 4`: alice, secret-1
const line = 'alice:$2y$04$VRyvXOVm2XU8ps7m3QAKHOcVWQNr7mC08bcXf9SSwW45f9Wl6jPGO\n'

describe.runIf(installed)('the field’s own client with OS_AUTH_TYPE=http_basic', () => {
  test('gets in with its password, and is told so without', { timeout: 120_000 }, async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'ferrite-basic-'))
    const users = path.join(home, 'htpasswd')
    await writeFile(users, line)
    await using api = await startApi({ auth: ['http_basic'], http_basic_file: users })
    const say = async (password: string, ...words: string[]) => {
      const login = { OS_USERNAME: 'alice', OS_PASSWORD: password }
      const env = {
        PATH: process.env['PATH'],
        HOME: home,
        OS_AUTH_TYPE: 'http_basic',
        OS_ENDPOINT: api.operatorUrl,
        ...login,
      }
      return (await run('/usr/bin/baremetal', words, { env, timeout: 60_000 })).stdout
    }
    await say('secret-1', 'node', 'create', '--driver', 'fake-hardware', '--name', 'n1')
    expect(JSON.parse(await say('secret-1', 'node', 'list', '-f', 'json'))).toMatchObject([{ Name: 'n1' }])
    const refused = await say('wrong', 'node', 'list').catch((error: { stderr: string }) => error.stderr)
    expect(refused).toMatch(/401|credential|Unauthorized|authentication/i)
    await rm(home, { recursive: true })
  })
})
