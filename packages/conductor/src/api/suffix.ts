import type { IncomingMessage } from 'node:http'
import { requestedVersion } from './versions.ts'

/** First microversion that takes `.json` at the end of a path for part of a name. */
const literalSince = 91

/** The URL without the `.json` that old clients put after the last part of a path. */
export function withoutSuffix(request: Pick<IncomingMessage, 'url' | 'headers'>): string {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  if (!path.startsWith('/v1/') || !path.endsWith('.json') || versionOf(request) >= literalSince) return url
  return path.slice(0, -'.json'.length) + url.slice(path.length)
}

function versionOf(request: Pick<IncomingMessage, 'headers'>): number {
  try {
    return requestedVersion(request.headers)
  } catch {
    // The version is refused, with its reason, before any handler sees the URL.
    return literalSince
  }
}
