import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { run, runOk } from './run.ts'

test('a program gets its arguments as they are and a clean environment', async () => {
  const { stdout, code } = await run('printf', ['%s|%s', '$HOME; true', 'b'])
  expect({ stdout, code }).toEqual({ stdout: '$HOME; true|b', code: 0 })
  expect((await run('env', [])).stdout).toContain('LC_ALL=C')
})

test('input reaches the program, and a failure is a result with its code', async () => {
  expect((await run('cat', [], { input: 'hello' })).stdout).toBe('hello')
  expect((await run('false', [])).code).toBe(1)
  await expect(runOk('ls', ['/nowhere-at-all'])).rejects.toThrow('No such file')
})

test('a program that hangs, floods or is missing is a fault, and its whole group is gone', async () => {
  await expect(run('sh', ['-c', 'sleep 60 & sleep 60'], { timeoutMs: 100 })).rejects.toSatisfy((e) =>
    isFault(e, 'timeout'),
  )
  await expect(run('yes', [], { maxOutputBytes: 4096 })).rejects.toSatisfy((e) => isFault(e, 'too_large'))
  await expect(run('no-such-program-here', [])).rejects.toSatisfy((e) => isFault(e, 'not_found'))
  await expect(run('sleep', ['60'], { signal: AbortSignal.timeout(50) })).rejects.toSatisfy((e) =>
    isFault(e, 'aborted'),
  )
})
