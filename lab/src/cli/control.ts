import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'

const home = path.join(import.meta.dirname, '../../../.ferrite/lab')
const recordFile = path.join(home, 'lab.json')
export const labLog = path.join(home, 'lab.log')

const record = z.object({ pid: z.number(), socket: z.string(), dirs: z.array(z.string()) })
/** Which lab runs: its process, its door, and the directories to remove should it die without a word. */
export type LabRecord = z.infer<typeof record>

export async function writeRecord(of: LabRecord): Promise<void> {
  await mkdir(home, { recursive: true })
  await writeFile(recordFile, JSON.stringify(of), { mode: 0o600 })
}

export async function readRecord(): Promise<LabRecord | undefined> {
  const text = await readFile(recordFile, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const found = record.safeParse(JSON.parse(text))
  return found.success ? found.data : undefined
}

export const forgetRecord = (): Promise<void> => rm(home, { recursive: true, force: true })

/** True while the process of the lab is there: an ended one may stay in the table until somebody fetches its status. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  return state !== undefined && state !== 'Z' && command.includes('lab')
}

/** The lab's door: one question a connection, one document as the answer. */
export async function openControl(
  socket: string,
  answer: (question: string) => Promise<unknown>,
): Promise<AsyncDisposable> {
  await rm(socket, { force: true })
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.setEncoding('utf8')
    connection.on('error', () => connection.destroy())
    connection.once('data', (text: string) => {
      answer(text.trim()).then(
        (value) => connection.end(JSON.stringify({ value })),
        (error: unknown) => connection.end(JSON.stringify({ error: String(error) })),
      )
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())) }
}

const reply = z.object({ value: z.unknown(), error: z.string().optional() })

/** Asks the lab that runs. Fault not_found when there is none. */
export async function askLab(question: 'status' | 'down'): Promise<unknown> {
  const found = await readRecord()
  if (!found || !(await isAlive(found.pid))) throw new Fault('not_found', 'no lab is running: pnpm lab up')
  const socket = connect(found.socket)
  const chunks: string[] = []
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => chunks.push(text))
  const ended = once(socket, 'close')
  socket.write(`${question}\n`)
  await ended
  const { value, error } = reply.parse(JSON.parse(chunks.join('')))
  if (error) throw new Fault('step_failed', `the lab did not do it: ${error}`)
  return value
}
