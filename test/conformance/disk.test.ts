import { MemoryDisk } from '../../core/disk/memory.js';
import { temporaryDisk } from '../support/temporary.js';
import { describeDisk } from './disk.js';

describeDisk('MemoryDisk', () => Promise.resolve({ disk: new MemoryDisk() }));

describeDisk('NodeDisk', temporaryDisk);
