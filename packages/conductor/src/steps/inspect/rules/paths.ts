import { Fault } from '@ferrite/shared/fault'
import { isBag, type Bag } from '../inspection.ts'

/** Sets what lies at `/properties/cpus` or `properties.cpus`; objects on the way are made. */
export function setAt(root: object, path: string, value: unknown): void {
  const { bag, key } = parentOf(root, path)
  bag[key] = value
}

/** Adds to the list there, which is made when it is missing. */
export function extendAt(root: object, path: string, value: unknown, unique: boolean): void {
  const { bag, key } = parentOf(root, path)
  const list: unknown = bag[key] ?? []
  if (!Array.isArray(list)) throw new Fault('invalid', `${path.slice(0, 255)} is no list`)
  if (unique && list.some((one) => JSON.stringify(one) === JSON.stringify(value))) return
  bag[key] = [...(list as unknown[]), value]
}

/** Takes away what lies there; of a field of the record itself, what it holds. */
export function deleteAt(root: object, path: string): void {
  const { bag, key } = parentOf(root, path)
  if (bag === root && key in bag) bag[key] = isBag(bag[key]) ? {} : Array.isArray(bag[key]) ? [] : null
  else delete bag[key]
}

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

function parentOf(root: object, path: string): { bag: Bag; key: string } {
  const keys = (path.startsWith('/') ? path.slice(1).split('/') : path.split(/[./]/)).filter(Boolean)
  const key = keys.pop()
  if (key === undefined || [...keys, key].some((one) => forbidden.has(one))) {
    throw new Fault('invalid', `${path.slice(0, 255)} is no path`)
  }
  let bag = root as Bag
  for (const one of keys) {
    const next = bag[one] ?? (bag[one] = {})
    if (!isBag(next)) throw new Fault('invalid', `${path.slice(0, 255)} leads through something that is no object`)
    bag = next
  }
  return { bag, key }
}
