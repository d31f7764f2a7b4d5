// crierctl: the command line of Crier.
#include <unistd.h>

#include <iostream>

#include "tools/crierctl/cli.h"

int main(int argc, char** argv) {
  crier::crierctl::Session session{.in = std::cin,
                                   .out = std::cout,
                                   .err = std::cerr,
                                   .err_is_terminal = isatty(STDERR_FILENO) == 1,
                                   .settings = {},
                                   .action = {}};
  return crier::crierctl::Run(argc, argv, session);
}
