import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { rolldown } from 'rolldown'
import type { Plugin } from 'rolldown'

export type Bundle = { name: string; code: string }[]

export type Bundled = {
  files: Bundle
  /** The npm packages whose code is in it. */
  modules: { name: string; version: string }[]
}

/**
 * The agent and everything it imports, as few files of JavaScript: its main, and one for each of its threads. Paths in it are
 * relative to the repository, so that where it lies does not matter.
 */
export async function bundleAgent({ root, ownSteps }: { root: string; ownSteps: readonly string[] }): Promise<Bundled> {
  const threads = globSync('packages/agent/src/**/*-worker.ts', { cwd: root })
  const entries = ['ramdisk/src/inside/agent.ts', 'ramdisk/src/inside/ntpdate.ts', ...threads.sort()]
  const input = Object.fromEntries(entries.map((file) => [path.basename(file, '.ts'), path.join(root, file)]))
  await using bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    plugins: [ownStepsPlugin(ownSteps, root), linuxOnly],
    onLog: () => undefined,
  })
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    // Names stay, for stack traces; blanks go: the source is parsed at each start.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    comments: { legal: true, annotation: false, jsdoc: false },
  })
  const chunks = output.filter((item) => item.type === 'chunk')
  return {
    files: chunks.map(({ fileName, code }) => ({ name: fileName, code: narrow(code) })).sort(byName),
    modules: npmPackages(chunks.flatMap(({ moduleIds }) => moduleIds)),
  }
}

/** Characters beyond Latin-1 escaped: a single one makes the engine hold and scan all of the source at two bytes a character. */
const narrow = (code: string): string =>
  code.replaceAll(/[^\u0000-\u00ff]/g, (char) => String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** pnpm keeps a package in `.pnpm/name@version`, with a `+` for the slash of a scope. */
function npmPackages(files: readonly string[]): Bundled['modules'] {
  const found = new Map<string, { name: string; version: string }>()
  for (const file of files) {
    const [, name = '', version = ''] = /\/\.pnpm\/(@?[^@/]+)@([^_(/]+)/.exec(file) ?? []
    if (name) found.set(`${name}@${version}`, { name: name.replace('+', '/'), version })
  }
  return [...found.values()].sort(byName)
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)

const virtual = 'ferrite:own-steps'

/** Answers the import of `ferrite:own-steps` with the modules that an operator named; each exports `steps`. */
function ownStepsPlugin(files: readonly string[], root: string): Plugin {
  const own = new Set(files.map((file) => path.resolve(file)))
  const agent = path.join(root, 'packages/agent/src/run-agent.ts')
  const lines = files.map((file, i) => `import { steps as steps${i} } from ${JSON.stringify(path.resolve(file))}`)
  const all = files.map((_, i) => `...steps${i}`).join(', ')
  const digest = files.reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256')).digest('hex')
  const version = `export const ownStepsVersion = '${digest.slice(0, 12)}'`
  const code = [...lines, `export const ownSteps = [${all}]`, version, ''].join('\n')
  return {
    name: 'own-steps',
    resolveId(id, importer) {
      if (id === virtual) return { id: virtual, moduleSideEffects: true }
      // A plug-in lies anywhere: what it imports by name is what the agent itself uses.
      const isByName = !id.startsWith('.') && !path.isAbsolute(id) && !id.startsWith('node:')
      return importer !== undefined && own.has(importer) && isByName ? this.resolve(id, agent) : null
    },
    load: (id) => (id === virtual ? code : null),
  }
}

/** Large tables of character sets that a dependency needs on Windows only. */
const linuxOnly: Plugin = {
  name: 'linux-only',
  resolveId: (id) => (id === 'iconv-lite' ? { id: 'ferrite:not-on-linux' } : null),
  load: (id) => (id === 'ferrite:not-on-linux' ? 'export default {}' : null),
}
