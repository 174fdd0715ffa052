import { spawn } from 'node:child_process'
import { access, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@ferrite/lab/free-port'

const nginx = '/usr/sbin/nginx'

/** Serves the files of a directory from another process: nginx with sendfile, else Node. */
export async function startImageServer(directory: string) {
  const port = await freePort()
  const hasNginx = await access(nginx).then(
    () => true,
    () => false,
  )
  const child = hasNginx ? await startNginx(directory, port) : startNode(directory, port)
  await untilListening(port)
  return {
    origin: `http://127.0.0.1:${port}`,
    kind: hasNginx ? 'nginx' : 'node',
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function startNginx(directory: string, port: number) {
  const config = path.join(directory, 'nginx.conf')
  await writeFile(
    config,
    `worker_processes 1; daemon off; user root; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {} http { access_log off; sendfile on; tcp_nopush on;
server { listen 127.0.0.1:${port}; root ${directory}; } }\n`,
  )
  return spawn(nginx, ['-c', config, '-e', `${directory}/error.log`], { stdio: 'ignore' })
}

const startNode = (directory: string, port: number) =>
  spawn(process.execPath, [fileURLToPath(new URL('node-server.ts', import.meta.url)), directory, String(port)], {
    stdio: 'ignore',
  })

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('the image server did not start')
}
