import { createServer } from 'node:http';

/* A server as a process: `plain-server HOST PORT WORK_MS`. It answers every request with the name of its port. */

const [host = '', port = '', workMs = ''] = process.argv.slice(2);

createServer((request, response) => {
  request.resume();
  setTimeout(() => {
    response.end(port);
  }, Number(workMs));
}).listen(Number(port), host, () => {
  process.stdout.write('listens\n');
});
