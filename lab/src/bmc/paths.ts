export const root = '/redfish/v1'
export const paths = {
  system: `${root}/Systems/1`,
  secureBoot: `${root}/Systems/1/SecureBoot`,
  chassis: `${root}/Chassis/1`,
  manager: `${root}/Managers/1`,
  sessions: `${root}/SessionService/Sessions`,
  tasks: `${root}/TaskService/Tasks`,
}
export const actions = { reset: `${paths.system}/Actions/ComputerSystem.Reset` }

const get = ['GET', 'HEAD']

/** The methods of each resource that takes more than a reading. `media`: the path of the virtual drives. */
export function methodsOf(
  path: string,
  media: string,
  isThere: (path: string) => boolean,
): readonly string[] | undefined {
  if (path === actions.reset) return ['POST']
  const drive = /^(.*)\/Actions\/VirtualMedia\.(?:InsertMedia|EjectMedia)$/.exec(path)?.[1]
  if (drive !== undefined) return drive.startsWith(`${media}/`) && isThere(drive) ? ['POST'] : undefined
  if (!isThere(path)) return undefined
  if ([paths.system, paths.chassis, paths.secureBoot].includes(path)) return [...get, 'PATCH']
  if (path === paths.sessions) return [...get, 'POST']
  return path.startsWith(`${paths.sessions}/`) ? [...get, 'DELETE'] : get
}
