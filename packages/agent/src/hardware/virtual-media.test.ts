import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { virtualMediaParams } from './virtual-media.ts'

test('parameters that the boot loader brought are read without any drive', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-params-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'parameters.txt')
  await writeFile(file, 'ipa-api-url=http://10.0.0.1:6385\nipa-agent-token=t\n')
  const params = await virtualMediaParams(pino({ level: 'silent' }), file)
  expect(Object.fromEntries(params)).toEqual({ 'ipa-api-url': 'http://10.0.0.1:6385', 'ipa-agent-token': 't' })
})
