import type { Inspection } from '../inspection.ts'

/** Part of what is done with the data of an inspection. `preprocess` of all hooks comes before `run` of any. */
export type Hook = {
  preprocess?(inspection: Inspection): void
  run?(inspection: Inspection): void | Promise<void>
}
