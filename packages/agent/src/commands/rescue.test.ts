import { expect, test } from 'vitest'
import type { CommandContext } from './command.ts'
import { finalizeRescue } from './rescue.ts'

async function rescued(params: { rescue_password: string; hashed: boolean }): Promise<string[]> {
  const told: string[] = []
  const context = {
    hardware: { handOver: async (hash: string) => void told.push(hash) },
    retire: () => void told.push('retired'),
  } as unknown as CommandContext
  expect(await finalizeRescue(params, context)).toBeNull()
  return told
}

test('a hash is handed over as it is, and the agent retires after it', async () => {
  expect(await rescued({ rescue_password: '$6$a$b', hashed: true })).toEqual(['$6$a$b', 'retired'])
})

test('a password of an older conductor is hashed before it is written', async () => {
  const [hash] = await rescued({ rescue_password: 'let me in', hashed: false })
  expect(hash).toMatch(/^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
})
