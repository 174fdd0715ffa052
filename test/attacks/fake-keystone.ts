import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type FakeToken = {
  roles: readonly string[]
  project?: string
  project_name?: string
  system?: boolean
  expires_at?: string
}

export type FakeKeystone = AsyncDisposable & {
  url: string
  /** Tokens that are valid now, by their text. */
  tokens: Map<string, FakeToken>
  /** Questions about tokens that came in. */
  asked: string[]
  /** Makes the conductor's own token worth nothing. */
  forgetService(): void
}

/** As much of an identity service as the conductor uses: it logs in, and asks what a token is worth. */
export async function startFakeKeystone(password: string): Promise<FakeKeystone> {
  const tokens = new Map<string, FakeToken>()
  const asked: string[] = []
  let service = 'service-token-1'
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    if (pathname !== '/identity/v3/auth/tokens') return void response.writeHead(404).end()
    if (request.method === 'POST') {
      const right = (await text(request)).includes(`"password":"${password}"`)
      if (right) return void response.writeHead(201, { 'x-subject-token': service }).end('{}')
      return void response.writeHead(401).end()
    }
    if (request.headers['x-auth-token'] !== service) return void response.writeHead(401).end()
    const subject = String(request.headers['x-subject-token'])
    asked.push(subject)
    const token = tokens.get(subject)
    if (!token) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token: shown(token) }))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/identity`,
    tokens,
    asked,
    forgetService: () => (service = 'service-token-2'),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const shown = (token: FakeToken) => ({
  expires_at: token.expires_at ?? '2099-01-01T00:00:00.000000Z',
  user: { id: 'u1', name: 'somebody', domain: { id: 'default' } },
  roles: token.roles.map((name) => ({ id: name, name })),
  ...(token.project === undefined
    ? {}
    : { project: { id: token.project, name: token.project_name ?? 'p', domain: { id: 'default' } } }),
  ...(token.system ? { system: { all: true } } : {}),
})

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
