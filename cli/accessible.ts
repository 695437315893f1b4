import { access, constants } from 'node:fs/promises';

/** Whether it is there, and this process may do that with it. @param mode of `constants`; left out: only that it is there */
export function isAccessible(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
