import { chassisFields } from '@ferrite/shared/contracts/chassis'
import { resource } from './resource.ts'

export const chassis = resource({
  kind: 'chassis',
  noun: 'chassis',
  title: 'Chassis',
  fields: chassisFields,
  named: false,
})
