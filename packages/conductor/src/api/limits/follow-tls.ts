import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { readTls, tlsStamp, type TlsFiles } from './tls.ts'

const everyMs = 30_000

/** Takes renewed certificates into use without a restart. A broken pair is logged and the present one stays. */
export function followTls(app: FastifyInstance | undefined, files: TlsFiles | undefined, log: Logger): () => void {
  const server: unknown = app?.server
  if (!files || !(server instanceof TlsServer)) return () => {}
  let stamp = tlsStamp(files)
  const timer = setInterval(() => {
    const fresh = tlsStamp(files)
    if (fresh === stamp) return
    stamp = fresh
    try {
      server.setSecureContext(readTls(files))
      log.info({ certificate: files.certFile }, 'certificate renewed')
    } catch (error) {
      log.error({ err: error }, 'the renewed certificate cannot be used; the present one stays')
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
