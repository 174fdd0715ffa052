import type { NodeRecord } from '../core/node.ts'
import type { Store } from './store.ts'

const pageSize = 500

/** Every node, a page at a time: ten thousand of them at once would be most of this process's memory. */
export async function* everyNode(store: Pick<Store, 'nodes'>): AsyncGenerator<NodeRecord> {
  let marker: string | undefined
  for (;;) {
    const page = await store.nodes({}, { limit: pageSize, ...(marker === undefined ? {} : { marker }) })
    yield* page
    marker = page.at(-1)?.uuid
    if (marker === undefined || page.length < pageSize) return
  }
}
