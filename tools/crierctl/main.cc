// crierctl: the command line of Crier.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tools/crierctl/cli.h"

int main(int argc, char** argv) {
  // What keeps a connection from being made is said in plain words by the command.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  crier::crierctl::Session session{.in = std::cin,
                                   .out = std::cout,
                                   .err = std::cerr,
                                   .err_is_terminal = isatty(STDERR_FILENO) == 1,
                                   .settings = {},
                                   .action = {}};
  return crier::crierctl::Run(argc, argv, session);
}
