# cause: ci-infra
# lines: 5
# needs: docker
export DOCKER_HOST=unix://$PWD/docker.sock
echo FROM scratch > Dockerfile
docker build .
