import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bundleAgent } from './bundle.ts'

const root = path.join(import.meta.dirname, '../../..')
const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

test('the agent becomes files that import nothing but each other and Node, and do not tell where they were made', async () => {
  const { files, modules } = await bundleAgent({ root, ownSteps: [] })
  const names = files.map(({ name }) => `./${name}`)
  expect(names).toContain('./agent.mjs')
  expect(names).toContain('./digest-worker.mjs')
  for (const { name, code } of files) {
    const imported = [...code.matchAll(/(?:^|[;}\n])import[^"'();]*["']([^"']+)["']/g)].map(([, from]) => from)
    const foreign = imported.filter((from) => !from?.startsWith('node:') && !names.includes(from ?? ''))
    expect({ name, foreign, tellsRoot: code.includes(root) }).toEqual({ name, foreign: [], tellsRoot: false })
    expect(code).not.toMatch(/[^\u0000-\u00ff]/)
  }
  expect(modules.map(({ name }) => name)).toContain('undici')
})

test("an operator's steps are built in, from wherever they lie", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-steps-'))
  directories.push(directory)
  const file = path.join(directory, 'mine.ts')
  await writeFile(
    file,
    `import { z } from 'zod'
     import { defineStep } from '@ferrite/agent/steps/step'
     export const steps = [defineStep({ step: 'my_own_step', interface: 'deploy', priority: { deploy: 5 },
       abortable: false, args: z.object({}), run: async (): Promise<string> => 'done' })]`,
  )
  const { files } = await bundleAgent({ root, ownSteps: [file] })
  const agent = files.find(({ name }) => name === 'agent.mjs')
  expect(agent?.code).toContain('my_own_step')
  expect(agent?.code.includes(directory)).toBe(false)
})
