import { createHash } from 'node:crypto'
import type { openApiDocument } from '../openapi/document.ts'

type Schema = Readonly<Record<string, unknown>>

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--line) }
nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem } summary code { overflow-wrap: anywhere } details { border-bottom: 1px solid var(--line) } summary { padding: .35rem 0; cursor: pointer }
code, pre { font: 13px/1.5 ui-monospace, monospace } pre { overflow: auto; padding: .6rem; border: 1px solid var(--line) }
.verb { display: inline-block; width: 4.2rem; font-weight: 600 } .dim { opacity: .65 } table { border-collapse: collapse }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top }
`
const digest = createHash('sha256').update(style).digest('base64')

/** The page loads nothing: no script, no font, no picture; its one style is named by its digest. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The API's description as one page for people, whole and without scripts. */
export function docsPage({ info, tags, paths }: ReturnType<typeof openApiDocument>): string {
  const { title, version, description } = info as Readonly<Record<string, string>>
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const names = (tags as { name: string }[]).map(({ name }) => name)
  const sections = names.map((name) => {
    const mine = operations.filter(({ operation }) => (operation['tags'] as string[]).includes(name))
    return `<h2 id="${escaped(name)}">${escaped(name)}</h2>${mine.map(operationText).join('')}`
  })
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${style}</style></head><body>
<h1>${escaped(title)} <span class="dim">${escaped(version)}</span></h1><p>${escaped(description)}</p>
<p>As a document for programs: <a href="/openapi.json">/openapi.json</a></p>
<nav>${names.map((name) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join('')}</nav>
${sections.join('\n')}
</body></html>
`
}

function operationText({ path, method, operation }: { path: string; method: string; operation: Schema }): string {
  const since = operation['x-ferrite-since']
  const facts = [
    ['Rule', operation['x-ferrite-rule']],
    ['Listener', operation['x-ferrite-listener']],
    ...(since === undefined ? [] : [['Since', since]]),
    [
      'Answers',
      Object.keys(operation['responses'] as object)
        .filter((status) => status !== 'default')
        .join(', '),
    ],
  ] as [string, unknown][]
  const body = operation['requestBody'] as { content: Record<string, { schema: unknown }> } | undefined
  return `<details><summary><code><span class="verb">${escaped(method.toUpperCase())}</span>${escaped(path)}</code>
<span class="dim">${escaped(operation['summary'])}</span></summary>
<table>${facts.map(([name, value]) => `<tr><th>${escaped(name)}</th><td><code>${escaped(value)}</code></td></tr>`).join('')}</table>
${parameterTable(operation['parameters'] as Schema[])}
${body ? `<p>Body:</p><pre>${escaped(JSON.stringify(body.content['application/json']?.schema, null, 1))}</pre>` : ''}</details>`
}

function parameterTable(parameters: readonly Schema[]): string {
  const named = parameters.filter((one) => one['name'] !== undefined)
  if (named.length === 0) return ''
  const rows = named.map(
    (one) =>
      `<tr><td><code>${escaped(one['name'])}</code></td><td>${escaped(one['in'])}</td><td>${escaped(one['description'] ?? '')}</td></tr>`,
  )
  return `<table>${rows.join('')}</table>`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (value: unknown): string => String(value).replace(/[&<>"]/g, (one) => entities[one] ?? one)
