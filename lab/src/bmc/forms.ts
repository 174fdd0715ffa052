export const link = (path: string) => ({ '@odata.id': path })
export const status = { State: 'Enabled', Health: 'OK' }
export const collection = (path: string, type: string, members: string[]) => ({
  '@odata.id': path,
  '@odata.type': `#${type}Collection.${type}Collection`,
  Name: `${type} Collection`,
  'Members@odata.count': members.length,
  Members: members.map(link),
})
