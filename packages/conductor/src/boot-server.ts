import { isFault } from '@ferrite/shared/fault'
import { mac as macSchema } from '@ferrite/shared/contracts/ports'
import type { BootTracer } from './boot-trace/tracer.ts'
import type { BootServer, BootServerFile, Callback } from './core/services.ts'
import type { NodeRecord } from './core/node.ts'
import type { BootFiles } from './netboot/boot-files.ts'
import { entryScript, localScript } from './netboot/ipxe-script.ts'
import { httpLoaders } from './netboot/loaders.ts'
import type { NodeFiles } from './netboot/node-files.ts'
import type { Store } from './store/store.ts'

export type BootServerParts = {
  store: Store
  files: BootFiles
  nodeFiles: NodeFiles
  tracer: BootTracer
  bootUrl: () => string
}

/** The boot server, and what it learns for lookups. */
export type OpenBootServer = BootServer & {
  /** A lookup with its outcome noted in the trace of the boot. */
  traced(lookup: Callback['lookup']): Callback['lookup']
}

/** Answers machines that boot: finds what is theirs, and notes what they fetch. */
export function createBootServer({ store, files, nodeFiles, tracer, bootUrl }: BootServerParts): OpenBootServer {
  const nodeOf = async (uuid: string, epoch: number): Promise<NodeRecord | undefined> => {
    const node = /^[0-9a-f-]{36}$/.test(uuid) ? await store.node(uuid) : undefined
    return node?.internal.netboot?.epoch === epoch ? node : undefined
  }
  // Who fetched a kernel from which address: a ramdisk that nobody knows by its MAC still calls from there.
  const booting = new Map<string, string>()
  return {
    entryScript: () => entryScript(bootUrl()),
    async scriptForMac(given, { arch, platform }) {
      const mac = macSchema.safeParse(given.replaceAll('-', ':')).data?.toLowerCase()
      if (mac === undefined) return undefined
      const uuid = (await store.ports({ address: [mac] }))[0]?.node_uuid
      const node = uuid === undefined ? undefined : await store.node(uuid)
      if (!node) return undefined
      const script = node.internal.netboot ? await nodeFiles.script(node.uuid) : undefined
      const from = [arch, platform]
        .map((word) => word?.replace(/[^\w.-]/g, '').slice(0, 20))
        .filter(Boolean)
        .join(', ')
      tracer.sawNode(node.uuid, {
        what: script ? 'script_sent' : 'script_missing',
        detail: `${mac}${from && ` (${from})`}`,
      })
      return script ?? localScript(node.uuid)
    },
    async file(uuid, epoch, name, peer) {
      const node = await nodeOf(uuid, epoch)
      const known = node?.internal.netboot?.files ?? {}
      const wanted = Object.hasOwn(known, name) ? known[name] : undefined
      const path = wanted && files.pathOf(wanted.digest)
      if (!wanted || !path) return undefined
      remember(booting, peer, uuid)
      return { path, digest: wanted.digest, ...noting(tracer, uuid, name, wanted.size) }
    },
    loader: (name) => (httpLoaders.includes(name) ? `${nodeFiles.tftpRoot}/${name}` : undefined),
    traced(lookup) {
      return async (query) => {
        try {
          const answer = await lookup(query)
          tracer.sawNode(answer.node.uuid, { what: 'agent_hello', detail: query.peer })
          return answer
        } catch (error) {
          if (isFault(error, 'not_found')) refused(tracer, booting.get(query.peer), query)
          throw error
        }
      }
    },
    async gaveUp(uuid, epoch) {
      if (await nodeOf(uuid, epoch)) tracer.sawNode(uuid, { what: 'gave_up' })
    },
  }
}

/** Tells the trace how far a file has got. */
function noting(
  tracer: BootTracer,
  uuid: string,
  name: string,
  /** What the file had when it was offered: one that was cut short since is not whole. */
  total: number,
): Pick<BootServerFile, 'onBytes' | 'onMissing'> {
  const kind = name === 'deploy_kernel' ? 'kernel' : 'ramdisk'
  return {
    onMissing: () => tracer.sawNode(uuid, { what: `${kind}_missing`, detail: name }),
    onBytes(bytes, _, ended) {
      if (!ended && bytes === 0) tracer.sawNode(uuid, { what: `${kind}_started`, total })
      tracer.moving(uuid, { what: `${kind}_started`, bytes, total })
      if (ended) tracer.sawNode(uuid, { what: bytes >= total ? `${kind}_sent` : `${kind}_cut`, bytes, total })
    },
  }
}

type Asked = Parameters<Callback['lookup']>[0]

function refused(tracer: BootTracer, uuid: string | undefined, { addresses, peer }: Asked): void {
  const detail = `it called from ${peer} and named ${addresses.slice(0, 4).join(', ') || 'no MAC address'}`
  if (uuid !== undefined) tracer.sawNode(uuid, { what: 'hello_refused', detail })
  else for (const mac of addresses.slice(0, 8)) tracer.sawMac(mac.toLowerCase(), { what: 'hello_refused', detail })
}

const mostPeers = 10_000

function remember(map: Map<string, string>, peer: string, uuid: string): void {
  map.delete(peer)
  map.set(peer, uuid)
  const oldest = map.keys().next()
  if (map.size > mostPeers && !oldest.done) map.delete(oldest.value)
}
