/** Ironic's pair of links: where the API shows the thing, and the same without a version. */
export const links = (base: string, resource: string, ident: string): { href: string; rel: string }[] => [
  { href: `${base}/v1/${resource}/${ident}`, rel: 'self' },
  { href: `${base}/${resource}/${ident}`, rel: 'bookmark' },
]

/** The `next` link of a full page; nothing when the page was not full. */
export function nextLink(
  page: { base: string; resource: string; limit: number; last: string | undefined; count: number },
  query: Readonly<Record<string, unknown>>,
): { next?: string } {
  if (page.count < page.limit || page.last === undefined) return {}
  const kept: [string, unknown][] = Object.entries({ sort_key: 'id', sort_dir: 'asc', ...query }).filter(
    ([name, value]) => name !== 'limit' && name !== 'marker' && value !== undefined,
  )
  // Lists become `a,b` again, as they came.
  const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)]))
  search.set('limit', String(page.limit))
  search.set('marker', page.last)
  return { next: `${page.base}/v1/${page.resource}?${search.toString().replaceAll('%2C', ',')}` }
}
