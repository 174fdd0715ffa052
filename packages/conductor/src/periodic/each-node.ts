import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { NodeFilter, Store } from '../store/store.ts'

const pageSize = 500

/** Does `work` for every node of a filter, a bounded number at a time. One node's trouble is logged and stays its own. */
export async function eachNode(
  parts: { store: Store; log: Logger; signal: AbortSignal; concurrency: number },
  filter: NodeFilter,
  work: (node: NodeRecord) => Promise<void>,
): Promise<void> {
  const queue = new PQueue({ concurrency: parts.concurrency })
  let marker: string | undefined
  for (;;) {
    const nodes = await parts.store.nodes(filter, { limit: pageSize, ...(marker === undefined ? {} : { marker }) })
    for (const node of nodes) {
      void queue.add(async () => {
        if (parts.signal.aborted) return
        await work(node).catch((error: unknown) => {
          if (!parts.signal.aborted)
            parts.log.warn({ node: node.uuid, reason: explain(error) }, 'node left out this time')
        })
      })
    }
    await queue.onIdle()
    if (nodes.length < pageSize || parts.signal.aborted) return
    marker = nodes.at(-1)?.uuid
  }
}
