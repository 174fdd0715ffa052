import { Fault, isFault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { withoutEscapes } from '@ferrite/shared/url-escapes'
import type { Task } from '../../core/task.ts'
import { plainAddress, within } from '../../outbound/addresses.ts'
import { openOutbound, type OutboundClient, type OutboundResponse } from '../../outbound/client.ts'
import { BoundCredential } from '../../outbound/credential.ts'

// Addresses whose services trust whoever is on this machine or link: cloud metadata, link-local neighbours.
const linkLocal = ['169.254.0.0/16', 'fe80::/10', '0.0.0.0/8', '::/128']
const loopback = ['127.0.0.0/8', '::1/128']

/**
 * HEAD on the image's URL, as Ironic does: answers below 400 are good. Fault invalid says what the server answered.
 * Images on this machine itself are asked for only where that is allowed.
 */
export const askImageServer =
  ({ onLoopback }: { onLoopback: boolean }) =>
  (source: string, task: Task): Promise<void> =>
    askServer(new URL(source), task, onLoopback ? linkLocal : [...linkLocal, ...loopback])

async function askServer(url: URL, task: Task, denied: readonly string[]): Promise<void> {
  const credential = credentialFor(url, task)
  await using client = openOutbound({
    origin: url.origin,
    unreachable: 'image_unreachable',
    deny: (address) => within(plainAddress(address), denied),
    limits: { connectMs: 5_000, firstByteMs: 10_000, totalMs: 15_000, maxBytes: 1024 * 1024 },
    // Only the head of the answer is looked at; the agent checks certificate and content. What opens the image is shown
    // to nobody whose certificate does not stand, though.
    tls: { insecure: credential === undefined && url.search === '' },
    ...(credential ? { credential } : {}),
  })
  const answer = await ask(client, url, task)
  if (answer === 'not trusted') {
    return task.log.info({ image: shown(url) }, 'the image server’s certificate is not known here: left to the agent')
  }
  const { status, headers } = answer
  const isThere = (status >= 200 && status < 400) || status === 416
  // What a login or an error page says of itself; no image server says so of an image.
  const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '')
  if (isThere && !(isPage && status < 300)) return
  const reason = isThere ? 'the image server has a web page (text/html) there' : `the image server answered ${status}`
  throw new Fault('invalid', `Validation of image href ${shown(url)} failed, reason: ${reason}`)
}

async function ask(client: OutboundClient, url: URL, task: Task): Promise<OutboundResponse | 'not trusted'> {
  const request = { path: url.origin + url.pathname + url.search, headers: { accept: '*/*' } }
  try {
    const head = await client.request({ ...request, method: 'HEAD', signal: task.signal })
    // The signature of a URL may be for GET alone.
    const isForGet = [405, 501].includes(head.status) || (head.status === 403 && url.search !== '')
    if (!isForGet) return head
    return await client.request({ ...request, headers: { accept: '*/*', range: 'bytes=0-0' }, signal: task.signal })
  } catch (cause) {
    task.signal.throwIfAborted()
    if (isFault(cause) && /CERT|SIGNATURE/.test(String(cause.details['reason']))) return 'not trusted'
    // The server ignores the range and sends it all: the image is there, which is all that was asked.
    if (isFault(cause, 'too_large'))
      return { status: 200, headers: {}, body: Buffer.alloc(0), text: () => '', json: () => null }
    throw new Fault(
      'invalid',
      `Validation of image href ${shown(url)} failed, reason: the image server does not answer`,
      {
        cause,
      },
    )
  }
}

function credentialFor(url: URL, { node }: Task): BoundCredential | undefined {
  const { image_server_user: user, image_server_password: password } = node.instance_info
  const authorization = node.instance_info['image_request_authorization_secret']
  if (typeof authorization === 'string') {
    return BoundCredential.header(url.origin, 'authorization', new Secret(authorization))
  }
  if (typeof user === 'string' && typeof password === 'string') {
    return BoundCredential.basic(url.origin, user, new Secret(password))
  }
  if (url.username === '' && url.password === '') return undefined
  return BoundCredential.basic(url.origin, withoutEscapes(url.username), new Secret(withoutEscapes(url.password)))
}

const shown = (url: URL): string => `${url.origin}${url.pathname}`
