import { Fault } from '@ferrite/shared/fault'
import { withoutEscapes } from '@ferrite/shared/url-escapes'

/** Parses an http or https URL. Fault invalid for anything else, without repeating its user part or query. */
export function imageUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base)
  if (!url) throw new Fault('invalid', 'an image URL is not a URL; give http://HOST/PATH or https://HOST/PATH')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Fault('invalid', `the image URL has the scheme ${url.protocol} but only http: and https: are supported`)
  }
  if (url.hostname === '') throw new Fault('invalid', 'the image URL names no host')
  return url
}

/** The URL as it may be logged: no user part, and no query because signed URLs keep their secret there. */
export const shownUrl = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

/** Last path segment, decoded: the name by which a checksum file knows the image. */
export function baseName(url: URL): string {
  return withoutEscapes(url.pathname.split('/').at(-1) ?? '')
}

/** `Basic …` of the URL's user part, as curl and Python's requests send it. */
export function userinfoAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  const pair = `${withoutEscapes(url.username)}:${withoutEscapes(url.password)}`
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
}
