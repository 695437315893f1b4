import { createServer } from 'node:net';

/*
 * Lends its parent listening sockets under new numbers: they are its own descriptors from 4 on, and it is told which one is wanted.
 * What goes from process to process is duplicated by the kernel; within a process Node can do no such thing. Each is opened,
 * sent and closed in one turn, so that this process accepts nothing.
 */

const FIRST = 4;

process.on('message', (at: number) => {
  const server = createServer().listen({ fd: FIRST + at });
  process.send?.(at, server);
  server.close();
});
process.once('disconnect', () => process.exit());
