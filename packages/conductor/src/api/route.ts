import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Caller, Services } from '../core/services.ts'
import type { Store } from '../store/store.ts'
import { parseBody } from './body.ts'
import { parseQuery, type QueryOf, type QueryTable } from './query.ts'

/** What every route can reach. */
export type ApiContext = { config: Config; services: Services; store: Store; log: Logger; clock: Clock }

export type ListenerName = 'operator' | 'ramdisk'
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof methods)[number]

/** `public` and `ramdisk` need no credential; anything else is the name of the rule that will decide. */
export type Auth = 'public' | 'ramdisk' | `baremetal:${string}` | `ferrite:${string}`

/** What a handler answers. A `body` is sent as JSON, a `stream` as it is; neither means an empty answer without a type. */
export type Answer = {
  status: number
  body?: unknown
  stream?: Readable
  text?: string
  headers?: Readonly<Record<string, string>>
  /** Path on this API, made absolute. */
  location?: string
}

/** One request on its way in, before its parts are checked. */
export type Request = {
  api: ApiContext
  params: Record<string, string>
  query: unknown
  body: unknown
  headers: Readonly<Record<string, string | string[] | undefined>>
  microversion: number
  /** Scheme and authority for links, without a slash at the end. */
  base: string
  caller: Caller
  /** Address of the other end of the TCP connection. */
  peer: string
  /** The path's `.json` was cut off, as old microversions want. */
  suffixed: boolean
  /** Aborted when the client goes away. */
  signal: AbortSignal
}

type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name | keyof ParamsOf<Rest>]: string }
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : { [K in never]: string }

export type Call<Path extends string, Q extends QueryTable, B> = Omit<Request, 'params' | 'query' | 'body'> & {
  params: ParamsOf<Path>
  query: QueryOf<Q>
  body: B
}

type RouteFacts<Path extends string> = {
  listener: ListenerName | 'both'
  method: Method
  path: Path
  /** First microversion that knows the resource, and what older ones are told. */
  since: number
  tooOld?: 'not_found' | 'not_acceptable' | 'method_not_allowed'
  auth: Auth
  /** Bytes; 0 takes no body but an empty one. */
  maxBody: number
  /** Deepest nesting of the JSON body. */
  depth: number
  /** Name of the deed in the audit log; null for what changes nothing or is recorded elsewhere. */
  audit: string | null
  /** Statuses of success with the shape of their bodies, null for none. For documentation. */
  answers: Readonly<Record<number, z.ZodType | null>>
  /** The answer is a stream, so a HEAD must not make one. */
  streams?: true
}

type RouteSpec<Path extends string, Q extends QueryTable, B> = RouteFacts<Path> & {
  query: Q
  body: z.ZodType<B>
  /** What error texts call the body. */
  bodyName?: string
  handle(call: Call<Path, Q, B>): Promise<Answer>
}

/** A route that has been declared whole: the only thing the server registers. */
export type DeclaredRoute = RouteFacts<string> & {
  query: QueryTable
  body: z.ZodType
  run(request: Request): Promise<Answer>
}

export function route<const Path extends string, Q extends QueryTable, B>(spec: RouteSpec<Path, Q, B>): DeclaredRoute {
  return {
    ...spec,
    run: (request) =>
      spec.handle({
        ...request,
        params: request.params as ParamsOf<Path>,
        query: parseQuery(spec.query, request.query, request.microversion),
        body: parseBody(spec.body, request.body, spec.bodyName),
      }),
  }
}
