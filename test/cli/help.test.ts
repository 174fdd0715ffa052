import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nouns, wholeProgram } from '@ferrite/cli/program'
import { treeOf } from '@ferrite/cli/completion/tree'
import { ferrite } from './ferrite.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-cli-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('help names every noun, gives examples and fits 80 columns', async () => {
  const { code, stdout } = await ferrite(['--help'])
  expect(code).toBe(0)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  for (const { name } of nouns) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(stdout).toContain('Examples:')
  expect(await ferrite(['help', 'node'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('deploy') as string,
  })
  expect(await ferrite([])).toMatchObject({ code: 0, stdout })
})

test('a link to the checkout’s own ferrite runs it from anywhere', async () => {
  const link = path.join(directory, 'ferrite')
  await symlink(path.join(import.meta.dirname, '../../packages/cli/bin/ferrite'), link)
  const shown = execFileSync(link, ['--version'], { cwd: directory, encoding: 'utf8' })
  expect(shown).toBe((await ferrite(['--version'])).stdout)
})

test('no line of any help is wider than 80 columns', async () => {
  const help = (command: Awaited<ReturnType<typeof wholeProgram>>): string[] => [
    ...command.configureHelp({ helpWidth: 80 }).helpInformation().split('\n'),
    ...command.commands.flatMap(help),
  ]
  expect(help(await wholeProgram()).filter((line) => line.length > 80)).toEqual([])
})

test('every command has a summary', async () => {
  const missing = treeOf(await wholeProgram()).flatMap(({ path, commands }) =>
    commands.filter(({ summary }) => !summary).map(({ name }) => [...path, name].join(' ')),
  )
  expect(missing).toEqual([])
})

async function bashSuggestions(...words: string[]): Promise<string[]> {
  const script = path.join(directory, 'completion.bash')
  await writeFile(script, (await ferrite(['completion', 'bash'])).stdout)
  const line = words.map((word) => `'${word}'`).join(' ')
  const shell = `source ${script}; COMP_WORDS=(ferrite ${line}); COMP_CWORD=${words.length}; _ferrite; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', shell], { encoding: 'utf8' }).trim().split('\n').toSorted()
}

test('bash completes nouns, verbs, options and the values of options', async () => {
  expect(await bashSuggestions('')).toEqual(expect.arrayContaining(nouns.map(({ name }) => name)))
  expect(await bashSuggestions('node', 'de')).toEqual(['delete', 'deploy'])
  expect(await bashSuggestions('node', 'power', '')).toEqual(['off', 'on', 'reboot', 'status'])
  expect(await bashSuggestions('node', 'deploy', 'web-01', '--im')).toEqual(['--image'])
  expect(await bashSuggestions('node', 'list', '-o', 'j')).toEqual(['json'])
  expect(await bashSuggestions('completion', '')).toEqual(['bash', 'fish', 'zsh'])
})

test.each(['zsh', 'fish'])('the %s script names every command of the tree', async (shell) => {
  const { code, stdout } = await ferrite(['completion', shell])
  expect(code).toBe(0)
  for (const { path } of treeOf(await wholeProgram())) expect(stdout).toContain(path.join(' '))
})

// The two builtins of zsh's completion that only work while a line is completed stand in.
async function zshSuggestions(...line: string[]): Promise<string[]> {
  const script = path.join(directory, '_ferrite')
  await writeFile(script, (await ferrite(['completion', 'zsh'])).stdout)
  const words = ['ferrite', ...line].map((word) => `'${word}'`).join(' ')
  const shell = `compdef() { : }; _files() { : }; _describe() { print -rl -- "\${(@P)2}" }
    source ${script}; words=(${words}); CURRENT=\${#words}; PREFIX=\${words[-1]}; _ferrite`
  const lines = execFileSync('zsh', ['-f', '-c', shell], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((one) => one.split(':')[0] ?? '').filter((one) => one.startsWith(line.at(-1) ?? ''))
}

test.skipIf(spawnSync('zsh', ['--version']).error)('zsh completes verbs below nouns, and their options', async () => {
  expect(await zshSuggestions('')).toEqual(expect.arrayContaining(nouns.map(({ name }) => name)))
  expect(await zshSuggestions('node', 'de')).toEqual(['delete', 'deploy'])
  expect(await zshSuggestions('node', 'power', '')).toEqual(['on', 'off', 'reboot', 'status'])
  expect(await zshSuggestions('node', 'deploy', 'web-01', '--im')).toEqual(['--image'])
  expect(await zshSuggestions('completion', '')).toEqual(['bash', 'zsh', 'fish'])
})

test('the zsh script leaves zsh’s own variables alone: words is the line that is completed', async () => {
  const { stdout } = await ferrite(['completion', 'zsh'])
  expect(stdout).not.toMatch(/^ *(local|typeset).*\b(words|CURRENT|PREFIX)\b/m)
})

test('config show tells each setting, its value and its origin', async () => {
  const file = path.join(directory, 'conductor.yaml')
  await writeFile(file, 'workers: 7\nautomated_clean: true\n')
  const { stdout } = await ferrite(['config', 'show', '--json', '--config', file, '--set', 'automated_clean=false'], {
    env: { FERRITE_LISTEN: '127.0.0.1:7000', FERRITE_URL: 'http://elsewhere' },
  })
  const settings = JSON.parse(stdout) as { name: string; value: unknown; origin: string; description: string }[]
  const of = (wanted: string) => settings.find(({ name }) => name === wanted)
  expect(of('workers')).toMatchObject({ value: 7, origin: file })
  expect(of('automated_clean')).toMatchObject({ value: false, origin: 'the command line' })
  expect(of('listen')).toMatchObject({ value: '127.0.0.1:7000', origin: 'the environment' })
  expect(of('log_level')).toMatchObject({ value: 'info', origin: 'the defaults' })
  expect(settings.filter(({ description }) => !description)).toEqual([])
})

test.each([
  ['config', ['show'], { FERRITE_WORKER: '3' }, 'FERRITE_WORKER'],
  ['conductor', ['--set', 'bogus=1'], {}, 'bogus'],
  ['conductor', ['--listen', 'nowhere'], {}, 'listen'],
  ['conductor', ['--listen', '127.0.0.1:99999'], {}, '65535'],
  ['conductor', ['--set', 'enabled_hardware_types=redfsh'], {}, 'redfsh'],
  ['conductor', ['--config', '/nonexistent.yaml'], {}, '/nonexistent.yaml'],
])('%s %j: a wrong setting is a mistake of usage that names it', async (noun, args, env, named) => {
  const { code, stderr } = await ferrite([noun, ...args], { env: { FERRITE_STATE_DIR: directory, ...env } })
  expect(code).toBe(2)
  expect(stderr).toContain(named)
})
