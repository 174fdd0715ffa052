import { readFileSync, globSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '../..')

/** Who may import whom, downwards only: the architecture as data. `inside` is a folder of a package. */
const packages: Record<string, string[]> = {
  shared: [],
  agent: ['shared'],
  conductor: ['shared'],
  cli: ['shared', 'agent', 'conductor'],
  lab: ['shared', 'agent', 'conductor', 'cli'],
}

/** Inside the conductor: a folder may import the folders it names (and itself). Files at its top may import everything. */
const conductor: Record<string, string[]> = {
  core: ['store'],
  store: ['core'],
  outbound: ['core'],
  iso: [],
  netboot: ['core', 'outbound'],
  processes: [],
  dhcp: ['core', 'processes'],
  'boot-trace': ['core', 'store', 'provision'],
  configdrive: ['core', 'iso'],
  bmc: ['core', 'outbound', 'processes'],
  'agent-client': ['core', 'outbound'],
  work: ['core', 'store'],
  nodes: ['core', 'store', 'work'],
  resources: ['core', 'store', 'nodes'],
  steps: ['core'],
  drivers: ['core', 'steps', 'bmc', 'dhcp', 'netboot', 'outbound', 'processes', 'iso', 'configdrive'],
  provision: ['core', 'store', 'work', 'nodes', 'resources', 'steps', 'agent-client', 'configdrive', 'outbound'],
  periodic: ['core', 'store', 'work', 'nodes', 'provision', 'boot-trace'],
  api: ['core', 'store', 'nodes', 'resources', 'outbound'],
}

/** Inside the agent. */
const agent: Record<string, string[]> = {
  hardware: [],
  image: ['hardware', 'disk'],
  disk: ['hardware', 'image'],
  boot: ['hardware', 'disk'],
  inspect: ['hardware', 'disk'],
  steps: ['hardware', 'image', 'disk', 'boot', 'commands'],
  commands: ['hardware', 'image', 'disk', 'boot', 'inspect', 'steps'],
  api: ['commands'],
}

const sources = globSync(['packages/*/src/**/*.ts', 'lab/src/**/*.ts'], { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts'),
)
const importsOf = (file: string): string[] =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  )

const packageOf = (file: string): string => (file.startsWith('lab/') ? 'lab' : (file.split('/')[1] ?? ''))
const folderOf = (file: string): string | undefined => {
  const inside = file.split('/src/')[1]?.split('/') ?? []
  return inside.length > 1 ? inside[0] : undefined
}

test('packages import downwards only', () => {
  const breaches = sources.flatMap((file) =>
    importsOf(file)
      .map((name) => /^@ferrite\/([a-z]+)\//.exec(name)?.[1])
      .filter((name) => name !== undefined && !packages[packageOf(file)]?.includes(name))
      .map((name) => `${file} imports ${name}`),
  )
  expect(breaches).toEqual([])
})

test.each([
  ['conductor', conductor],
  ['agent', agent],
] as const)('folders of the %s import as the law allows', (name, law) => {
  const files = sources.filter((file) => packageOf(file) === name && folderOf(file) !== undefined)
  const breaches = files.flatMap((file) => {
    const own = folderOf(file) ?? ''
    return importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => folderOf(path.join(path.dirname(file), target)))
      .filter((folder) => folder !== undefined && folder !== own && !(law[own] ?? []).includes(folder))
      .map((folder) => `${file} imports ${folder}`)
  })
  expect(breaches).toEqual([])
})

test('shared runs anywhere: it imports nothing but zod', () => {
  const foreign = sources
    .filter((file) => packageOf(file) === 'shared')
    .flatMap((file) => importsOf(file).filter((name) => !name.startsWith('.') && name !== 'zod'))
  expect(foreign).toEqual([])
})

test('nothing reads the clock, chance or the environment but through its door, in the conductor', () => {
  const doors = new Set(['core/clock.ts', 'config.ts', 'main.ts'])
  const breaches = sources
    .filter((file) => packageOf(file) === 'conductor' && !doors.has(file.split('/src/')[1] ?? ''))
    .flatMap((file) => {
      const text = readFileSync(path.join(root, file), 'utf8')
      return ['Date.now(', 'Math.random(', 'process.env', ' fetch(']
        .filter((door) => text.includes(door))
        .map((door) => `${file}: ${door}`)
    })
  expect(breaches).toEqual([])
})
