import { ForeshiftPolicy } from '../foreshift/policy.js';
import type { PolicyName } from '../options.js';
import type { Policy } from '../policy.js';
import type { Scene } from '../scene.js';
import { StaticPolicy } from './static.js';
import { YardstickPolicy } from './yardstick.js';

export function policyOf(name: PolicyName, scene: Scene): Policy {
  switch (name) {
    case 'static':
    case 'static-p95':
      return new StaticPolicy(scene, name);
    case 'reactive-50':
    case 'reactive-search':
    case 'oracle':
      return new YardstickPolicy(scene, name);
    case 'foreshift':
      return new ForeshiftPolicy(scene);
  }
}
