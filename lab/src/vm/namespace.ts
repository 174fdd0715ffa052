import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { run } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'
import { diesWithUs } from './child.ts'

const inside = fileURLToPath(new URL('netns-inside.ts', import.meta.url))
const reply = z.object({
  id: z.number(),
  error: z.string().optional(),
  device: z.string().optional(),
  bridge: z.string().nullable().optional(),
})

/** A network namespace that lives as long as the process that holds it. */
export type Namespace = AsyncDisposable & {
  /** Words before a command that is to run inside. */
  readonly enter: readonly string[]
  /** Name for `ip -n`; only root can give one. */
  readonly name: string | undefined
  /** Has the process inside do something; see there. Rejects with what it could not do. */
  ask(what: { do: string } & Record<string, unknown>): Promise<void>
}

/** Root makes a network namespace, anybody else one in a user namespace of their own. */
export async function openNamespace(parts: {
  logFile: string
  name: string
  /** A device inside is on another bridge now. */
  onMove: (device: string, bridge: string | null) => void
}): Promise<Namespace> {
  const { logFile } = parts
  const isRoot = process.getuid?.() === 0
  const unshare = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), '--net']
  const [file, ...args] = [...diesWithUs, ...unshare, process.execPath, inside]
  const log = openSync(logFile, 'a')
  const child = spawn(file, args, { stdio: ['ignore', log, log, 'ipc'], detached: true })
  closeSync(log)
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  const ready = new Promise<void>((resolve, reject) => waiting.set(0, { resolve, reject }))
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  child.on('message', (message) => {
    const { id, error, device, bridge } = reply.parse(message)
    if (device !== undefined) return parts.onMove(device, bridge ?? null)
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve()
    else one?.reject(new Error(error.trim()))
    return undefined
  })
  child.on('error', fail)
  child.on('exit', () => fail(new Error(`the namespace ended; see ${logFile}`)))
  try {
    await ready
  } catch (cause) {
    throw new Fault('step_failed', 'no network namespace can be made here; --net switch needs none', { cause })
  }
  const name = isRoot ? await named(parts.name, child.pid) : undefined
  let last = 0
  return {
    name,
    enter: [
      ...diesWithUs,
      ...['nsenter', '--target', String(child.pid), '--net'],
      ...(isRoot ? [] : ['--user', '--preserve-credentials']),
    ],
    async ask(what) {
      const id = (last += 1)
      await new Promise<void>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ id, ...what })
      })
    },
    async [Symbol.asyncDispose]() {
      if (name !== undefined) await run('ip', ['netns', 'del', name])
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      // It ends what it started when nobody is left to talk to.
      child.disconnect()
      await gone
    },
  }
}

/** Names are files that outlive what they name: a lab that was killed leaves one, which the next of its name replaces. */
async function named(name: string, pid: number | undefined): Promise<string | undefined> {
  await run('ip', ['netns', 'del', name])
  const { code } = await run('ip', ['netns', 'attach', name, String(pid)])
  return code === 0 ? name : undefined
}
