import type { StorageInterface } from '../../core/interfaces.ts'

/** No volumes: the image goes onto a disk of the machine. */
export const noopStorage: StorageInterface = {
  name: 'noop',
  driverInfo: {},
  async validate() {},
  async attachVolumes() {},
  async detachVolumes() {},
  shouldWriteImage: () => true,
}
