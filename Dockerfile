# The control plane as an image. What ships is what `npm run build` and `npm ci --omit=dev` leave; the agent has an image of its own,
# which the control plane writes and serves.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /opt/homeport
COPY --from=build /src/package.json ./
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/node_modules ./node_modules
RUN install --directory --owner node --group node --mode 0700 /data
USER node
VOLUME /data
EXPOSE 9443 8000
ENTRYPOINT ["node", "/opt/homeport/bin/homeport.js"]
CMD ["serve", "--data-dir", "/data"]
