import { isBag } from '../inspection.ts'
import type { Hook } from './hook.ts'

/** Lists of four, as the hardware-detect tool prints them, become `extra`: a tree. */
export const extraHardware: Hook = {
  run({ plugin }) {
    const { data } = plugin
    if (!Array.isArray(data)) return
    const tree: Record<string, Record<string, Record<string, unknown>>> = {}
    for (const item of data) {
      if (!Array.isArray(item) || item.length < 4) continue
      const [group, part, name] = item.slice(0, 3).map(String)
      if (group === undefined || part === undefined || name === undefined) continue
      const number = typeof item[3] === 'string' && /^-?\d+$/.test(item[3]) ? Number(item[3]) : item[3]
      const parts = isBag(tree[group]) ? tree[group] : (tree[group] = {})
      parts[part] = { ...parts[part], [name]: number }
    }
    plugin['extra'] = tree
    delete plugin['data']
  },
}
