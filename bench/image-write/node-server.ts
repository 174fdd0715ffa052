import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream'

// Serves files as they are, for machines without nginx.
const [directory = '.', port = '0'] = process.argv.slice(2)
createServer((request, response) => {
  const file = path.join(directory, path.basename(request.url ?? ''))
  const { size } = statSync(file)
  const start = Number(/^bytes=([0-9]+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': size - start,
    etag: `"${size}"`,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${size - 1}/${size}` } : {}),
  })
  pipeline(createReadStream(file, { start, highWaterMark: 1024 * 1024 }), response, () => undefined)
}).listen(Number(port), '127.0.0.1')
