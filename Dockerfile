# One image for every service: the command says which.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/console ./console
COPY --from=build /app/models/neural/shipped.weights ./models/neural/
# A volume at the dataDir begins as what is there: its owner's.
RUN mkdir -p /data/data && chown -R node /data
USER node
WORKDIR /data
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["up"]
